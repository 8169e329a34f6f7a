/**
 * Waits until `condition` gives something other than null, false or undefined, and returns it.
 * Throws after `withinMs` with `what` in the message. Bounds are generous: an emulated machine is 20 times
 * slower.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 30_000,
  everyMs = 5,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined && value !== false)
      return value as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadlineMs) throw new Error(`Waited ${withinMs} ms in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
