import { benchCommands } from './command.ts';
import type { Conditions } from './conditions.ts';
import { conditionsText } from './conditions.ts';
import { oneShotSituations } from './one-shot.ts';
import type { Run } from './rounds.ts';
import { summarize } from './summary.ts';
import { renderTable } from './table.ts';

/** What a run of this benchmark leaves as JSON: all that its tables are made from. */
export interface OneShotReport {
  readonly schema: 2;
  readonly kind: 'one-shot';
  readonly conditions: Conditions;
  readonly runs: readonly Run[];
}

/** A run as a paragraph and a table for each situation. */
export function renderOneShotReport({ conditions, runs }: OneShotReport): string {
  const measured = new Set(runs.map(({ command }) => command));
  // The path matters to who runs it, not to the table.
  const commands = benchCommands('').filter(({ name }) => measured.has(name));
  const tables = oneShotSituations.flatMap(({ name, title }) => {
    const own = runs.filter(({ situation }) => situation === name);
    return own.length === 0 ? [] : [`### ${title}`, renderTable(summarize(own, commands))];
  });
  const rounds = Math.max(0, ...runs.map(({ round }) => round));
  const setting = `${rounds} counted runs each, in turn, after one to warm up. Round trip: 20 ms.`;
  return [`${conditionsText(conditions)}\n${setting}`, ...tables].join('\n\n');
}
