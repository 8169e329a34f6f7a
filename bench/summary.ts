import type { BenchCommand } from './command.ts';
import type { Run } from './rounds.ts';
import { median, medianRatio, percentile } from './statistics.ts';

/** How often the script needs what a command of ours needs: above 1 ours needs less. Null if nothing is known. */
export interface Ratios {
  readonly wall: number | null;
  readonly cpu: number | null;
  readonly memory: number | null;
}

/** One command in one situation, over all counted runs. Null where there was no run. */
export interface Summary {
  readonly label: string;
  readonly runs: number;
  readonly wallMedianMs: number | null;
  readonly wallP95Ms: number | null;
  /** User and system together. */
  readonly cpuMedianMs: number | null;
  readonly memoryMedianBytes: number | null;
  /** Null for the script itself, and where it was not run. */
  readonly ratios: Ratios | null;
  /** How the runs ended, one phrase for each different end. */
  readonly ends: readonly string[];
  /** Runs that did not end as they should. */
  readonly unexpected: number;
}

/** Sums up the runs of one situation, one line for each command. */
export function summarize(runs: readonly Run[], commands: readonly BenchCommand[]): readonly Summary[] {
  const script = runs.filter((run) => run.command === 'script');
  return commands.map(({ name, label }) => {
    const own = runs.filter((run) => run.command === name);
    const wallMs = own.map((run) => run.wallMs);
    return {
      label,
      runs: own.length,
      wallMedianMs: median(wallMs),
      wallP95Ms: percentile(wallMs, 95),
      cpuMedianMs: median(own.map(cpuMs)),
      memoryMedianBytes: median(own.map((run) => run.peakMemoryBytes)),
      ratios: name === 'script' || script.length === 0 ? null : ratiosOf(script, own),
      ends: countedEnds(own),
      unexpected: own.filter((run) => !run.asExpected).length,
    };
  });
}

function ratiosOf(script: readonly Run[], own: readonly Run[]): Ratios {
  const pairs = own.flatMap((run) => {
    const partner = script.find((other) => other.round === run.round);
    return partner === undefined ? [] : [{ script: partner, own: run }];
  });
  const ratio = (value: (run: Run) => number) =>
    medianRatio(pairs.map((pair) => [value(pair.script), value(pair.own)] as const));
  return { wall: ratio((run) => run.wallMs), cpu: ratio(cpuMs), memory: ratio((run) => run.peakMemoryBytes) };
}

function cpuMs(run: Run): number {
  return run.userMs + run.systemMs;
}

function countedEnds(runs: readonly Run[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(endOf(run), (counts.get(endOf(run)) ?? 0) + 1);
  if (counts.size <= 1) return [...counts.keys()];
  return [...counts].map(([end, count]) => `${count}×: ${end}`);
}

function endOf({ code, endpointBefore, endpointAfter, tunnelWorks }: Run): string {
  const exit = code === null ? 'killed, its time was up' : `exit ${code}`;
  const endpoint =
    endpointAfter === endpointBefore ? 'endpoint kept' : `now ${endpointAfter ?? 'no endpoint'}`;
  return `${exit}, ${endpoint}, tunnel ${tunnelWorks ? 'works' : 'dead'}`;
}
