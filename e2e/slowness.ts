/**
 * How many times slower than usual this machine is: 1, or what WG_REACH_TEST_SLOWNESS says, as an emulated machine
 * does. Bounds on times that depend on the machine are multiplied by it; WireGuard's own timers are not slower.
 */
export const slowness = readSlowness(process.env.WG_REACH_TEST_SLOWNESS);

function readSlowness(text: string | undefined): number {
  const value = Number(text ?? '1');
  if (Number.isFinite(value) && value >= 1) return value;
  throw new Error(`WG_REACH_TEST_SLOWNESS is "${text}"; it has to be a number from 1.`);
}
