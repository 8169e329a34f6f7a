import { describe, expect, it } from 'vitest';
import { graceEndsAtMs } from '../../src/core/hints.ts';
import { choosePing, type PingChoiceInput } from '../../src/core/ping-choice.ts';
import { known } from './candidate-arbitrary.ts';
import { v4, v4b, v6, v6b } from './world.ts';

const answered = { hint: 'reachable', hintRttMs: 20 } as const;
const asking = { hint: 'asking' } as const;
const silent = { hint: 'silent' } as const;

function choose(
  nowMs: number,
  candidates: PingChoiceInput['candidates'],
  more: Partial<PingChoiceInput> = {},
) {
  return choosePing(
    {
      candidates,
      current: null,
      prefer: 'ipv6',
      settled: true,
      startedAtMs: 0,
      graceEndsAtMs: (endpoint, rttMs) =>
        candidates.some((one) => one.endpoint === endpoint && one.hint === 'asking')
          ? graceEndsAtMs(0, rttMs)
          : null,
      ...more,
    },
    nowMs,
  );
}

const graceMs = graceEndsAtMs(0, 20);

describe('a choice by ping', () => {
  it('takes the preferred family at once', () => {
    expect(choose(20, [known(v6, answered), known(v4, asking)])).toEqual({ kind: 'choose', endpoint: v6 });
  });

  it('lets the other family wait for the grace, not longer', () => {
    const candidates = [known(v6, asking), known(v4, answered)];
    expect(choose(20, candidates)).toEqual({ kind: 'wait', untilMs: graceMs });
    expect(choose(graceMs - 1, candidates).kind).toBe('wait');
    expect(choose(graceMs, candidates)).toEqual({ kind: 'choose', endpoint: v4 });
    expect(choose(20, [known(v6, silent), known(v4, answered)])).toEqual({ kind: 'choose', endpoint: v4 });
  });

  it('waits for nobody where the order of the answers counts', () => {
    const candidates = [known(v6, asking), known(v4, answered)];
    expect(choose(20, candidates, { prefer: 'listed' })).toEqual({ kind: 'choose', endpoint: v4 });
  });

  it('keeps the endpoint now set among equals, and gives it the grace', () => {
    const two = [known(v6, answered), known(v6b, answered)];
    expect(choose(20, two, { current: v6b })).toEqual({ kind: 'choose', endpoint: v6b });
    const late = [known(v6, answered), known(v6b, asking)];
    expect(choose(20, late, { current: v6b })).toEqual({ kind: 'wait', untilMs: graceMs });
    expect(choose(graceMs, late, { current: v6b })).toEqual({ kind: 'choose', endpoint: v6 });
  });

  it('does not keep the endpoint now set against the preferred family', () => {
    const candidates = [known(v6, answered), known(v4, answered)];
    expect(choose(20, candidates, { current: v4 })).toEqual({ kind: 'choose', endpoint: v6 });
  });

  it('waits for a look-up that may still bring the preferred family, for the same grace', () => {
    const only = [known(v4, answered)];
    expect(choose(20, only, { settled: false })).toEqual({ kind: 'wait', untilMs: graceMs });
    expect(choose(graceMs, only, { settled: false })).toEqual({ kind: 'choose', endpoint: v4 });
  });

  it('waits for a route that is not known yet, for the same grace', () => {
    const candidates = [known(v6, { route: 'unknown' }), known(v4, answered)];
    expect(choose(20, candidates)).toEqual({ kind: 'wait', untilMs: graceMs });
    expect(choose(graceMs, candidates)).toEqual({ kind: 'choose', endpoint: v4 });
  });

  it('is none only when nobody can answer any more', () => {
    expect(choose(20, [known(v6, silent), known(v4, asking)])).toEqual({ kind: 'wait', untilMs: null });
    expect(choose(20, [known(v6, silent)], { settled: false })).toEqual({ kind: 'wait', untilMs: null });
    expect(choose(20, [known(v6, silent), known(v4b, { hint: 'unroutable' })])).toEqual({ kind: 'none' });
  });
});
