import type { WorldResult } from '../run-world.ts';

/** What became of a world, in one line, with the command that shows it again. */
export function resultText(seed: number, result: WorldResult): string {
  if (result.kind === 'fine')
    return `seed ${seed}: fine, up ${(result.recoveredMs / 1_000).toFixed(0)} s after the last fault`;
  const what =
    result.kind === 'violated'
      ? `violated: ${result.invariant}: ${result.detail}`
      : result.kind === 'not-up'
        ? `not up again, though ${result.left} works: ${result.detail}`
        : `the engine threw: ${result.detail}`;
  return `seed ${seed} at ${(result.atMs / 1_000).toFixed(0)} s ${what}\n  replay: npm run sim -- --seed ${seed}`;
}
