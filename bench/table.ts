import { layOut } from './markdown.ts';
import type { Summary } from './summary.ts';

/** A table of the benchmark: Markdown whose columns are padded, so that a terminal shows it as well as a page. */
export function renderTable(summaries: readonly Summary[]): string {
  const ratios = summaries.some((summary) => summary.ratios !== null);
  const header = [
    ...['command', 'wall, median', 'wall, p95', 'CPU', 'memory'],
    ...(ratios ? ['script ÷ this: wall', 'CPU', 'memory'] : []),
    'ends with',
  ];
  const rows = summaries.map((summary) => [
    summary.label,
    seconds(summary.wallMedianMs),
    seconds(summary.wallP95Ms),
    milliseconds(summary.cpuMedianMs),
    mebibytes(summary.memoryMedianBytes),
    ...(ratios
      ? [ratio(summary.ratios?.wall), ratio(summary.ratios?.cpu), ratio(summary.ratios?.memory)]
      : []),
    summary.ends.join('; '),
  ]);
  return layOut(header, rows, [0, header.length - 1]);
}

/** A ratio for a person: three digits at the most. `–` for none. */
export function ratio(value: number | null | undefined): string {
  if (value === null || value === undefined) return none;
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(decimals);
}

const none = '–';

function seconds(ms: number | null): string {
  return ms === null ? none : `${(ms / 1_000).toFixed(2)} s`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? none : `${Math.round(ms)} ms`;
}

function mebibytes(bytes: number | null): string {
  return bytes === null ? none : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
