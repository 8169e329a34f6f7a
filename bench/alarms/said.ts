/** What the daemon's log says that it did about a tunnel. */
export interface SaidCounts {
  /** Close looks, because an echo was lost. */
  readonly looks: number;
  /** Times it called the tunnel down. */
  readonly downs: number;
  /** Other endpoints that it tried or moved to. */
  readonly moves: number;
}

/**
 * Counts in the lines of a JSON log. The log holds back lines that come again and again; how many is said in a line of
 * its own, which is counted as those. Lines that are no JSON count for nothing.
 */
export function countSaid(lines: readonly string[]): SaidCounts {
  const counts = { looks: 0, downs: 0, moves: 0 };
  for (const line of lines) {
    const entry = parse(line);
    const held = entry.get('suppressed');
    const times = typeof held === 'number' ? held : 1;
    const event = entry.get('event');
    if (event === 'trial' || event === 'endpoint-switched') counts.moves += times;
    if (event !== 'health-changed') continue;
    if (entry.get('to') === 'suspect') counts.looks += times;
    if (entry.get('to') === 'down') counts.downs += times;
  }
  return counts;
}

function parse(line: string): ReadonlyMap<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(line) as object));
  } catch {
    return new Map();
  }
}
