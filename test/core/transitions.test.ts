import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nextState, type State, type Trigger, transitions } from '../../src/core/transitions.ts';

const page = new URL('../../docs/state-diagram.md', import.meta.url);
const states = Object.keys(transitions) as State[];
const arrows = states.flatMap((from) =>
  Object.entries(transitions[from]).map(([trigger, to]) => ({ from, trigger: trigger as Trigger, to })),
);

function render(): string {
  const lines = arrows.map(({ from, trigger, to }) => `  ${from} --> ${to}: ${trigger}`);
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> starting', ...lines, '  resting --> [*]', '```'].join(
    '\n',
  );
}

describe('the table of transitions', () => {
  it('leads only to states that it lists', () => {
    for (const { to } of arrows) expect(states).toContain(to);
  });

  it('reaches every state from the start, and rest from every state', () => {
    const reach = (from: State): Set<State> => {
      const seen = new Set<State>([from]);
      for (const state of seen) for (const arrow of arrows) if (arrow.from === state) seen.add(arrow.to);
      return seen;
    };
    expect(reach('starting')).toEqual(new Set(states));
    for (const state of states) expect(reach(state)).toContain('resting');
  });

  it('ends in rest, and anything can be stopped', () => {
    expect(transitions.resting).toEqual({});
    for (const state of states) if (state !== 'resting') expect(nextState(state, 'stop')).toBe('resting');
  });

  it('throws for a pair that is not listed: that is a bug, not an event', () => {
    expect(() => nextState('resting', 'try')).toThrow('no transition from "resting" on "try"');
  });

  it('is drawn in the documentation (UPDATE_DOCS=1 draws it anew)', () => {
    const written = readFileSync(page, 'utf8');
    const drawn = written.replace(/```mermaid\n[\s\S]*?```/, () => render());
    if (process.env.UPDATE_DOCS === '1') writeFileSync(page, drawn);
    else expect(written).toBe(drawn);
    expect(written).toContain('```mermaid');
    for (const state of states) expect(written).toContain(`| \`${state}\` |`);
  });
});
