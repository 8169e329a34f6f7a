import { transitions } from '../../src/core/transitions.ts';
import { watchTransitions } from '../../src/core/watch/watch-transitions.ts';

type Table = { readonly [From in string]: { readonly [Trigger in string]?: string } };

const tables: { readonly [Name in string]: Table } = { search: transitions, watch: watchTransitions };

/** Transitions that no world makes, and why. */
const excused: Readonly<Record<string, string>> = {
  'watch: idle pause': 'a watch is started in the moment in which it is made',
  'watch: idle gone': 'likewise',
};

/** Notes in this thread, from now on, which transitions of the core's tables are made; the set grows. */
export function watchTransitionTables(): ReadonlySet<string> {
  const made = new Set<string>();
  for (const [name, table] of Object.entries(tables)) {
    for (const [from, row] of Object.entries(table)) {
      for (const [trigger, to] of Object.entries(row)) {
        const text = `${name}: ${from} ${trigger}`;
        // The tables are plain data: whoever looks an entry up makes that transition.
        Object.defineProperty(row, trigger, {
          enumerable: true,
          get() {
            made.add(text);
            return to;
          },
        });
      }
    }
  }
  return made;
}

/** The transitions of the tables that are not among those made, but for the excused. */
export function transitionsMissing(made: ReadonlySet<string>): readonly string[] {
  const all = Object.entries(tables).flatMap(([name, table]) =>
    Object.entries(table).flatMap(([from, row]) =>
      Object.keys(row).map((trigger) => `${name}: ${from} ${trigger}`),
    ),
  );
  return all.filter((one) => !made.has(one) && excused[one] === undefined);
}
