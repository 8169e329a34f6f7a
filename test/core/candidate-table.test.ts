import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/core/candidate.ts';
import { createCandidateTable } from '../../src/core/candidate-table.ts';
import { ours } from '../../src/core/constants.ts';
import { graceEndsAtMs } from '../../src/core/hints.ts';
import { elsewhere, toCandidates, v4, v6 } from './world.ts';

function tableOf(endpoints: readonly string[], failedAtMs: ReadonlyMap<string, number> = new Map()) {
  const table = createCandidateTable(failedAtMs);
  const actions = table.replace(toCandidates(endpoints), 0);
  return { table, actions };
}

const ok = (endpoint: string) => ({ type: 'routed', endpoint, verdict: 'ok' }) as const;
const answer = (endpoint: string) => ({ type: 'hint', endpoint, outcome: 'answered', rttMs: 20 }) as const;

describe('a table of candidates', () => {
  it('asks for the route of each, once, and pings after the route is known', () => {
    const { table, actions } = tableOf([v6, v4]);
    expect(actions.filter((action) => action.type === 'route').map((action) => action.endpoint)).toEqual([
      v6,
      v4,
    ]);
    expect(table.note(ok(v6), 3)).toContainEqual({ type: 'hint', endpoint: v6 });
    expect(table.note(ok(v6), 4)).toEqual([]);
    expect(table.replace(toCandidates([v6, v4]), 5)).toEqual([]);
  });

  it('does not ping what is inside the tunnel or has no route', () => {
    for (const verdict of ['in-tunnel', 'no-route'] as const) {
      const { table } = tableOf([v6]);
      const actions = table.note({ type: 'routed', endpoint: v6, verdict }, 3);
      expect(actions).toEqual([{ type: 'report', fact: { kind: 'route', endpoint: v6, verdict } }]);
      expect(table.nextDueMs()).toBeNull();
    }
  });

  it('keeps what was answered when a route is told again', () => {
    const { table } = tableOf([v6]);
    table.note(ok(v6), 0);
    table.note(answer(v6), 20);
    table.note({ type: 'routed', endpoint: v6, verdict: 'no-route' }, 30);
    table.note(ok(v6), 40);
    expect(table.get(v6)).toMatchObject({ hint: 'reachable', hintRttMs: 20, route: 'ok' });
  });

  it('lists a watched endpoint only once it is listed, with what it learned', () => {
    const table = createCandidateTable(new Map());
    table.watch(v6);
    table.note(ok(v6), 0);
    table.note(answer(v6), 20);
    expect(table.listed()).toEqual([]);
    table.replace(toCandidates([v4, v6]), 30);
    expect(table.listed().map((one) => one.endpoint)).toEqual([v4, v6]);
    expect(table.get(v6)).toMatchObject({ source: 'dns:vpn.example', listIndex: 1, hint: 'reachable' });
    table.watch(v6);
    expect(table.get(v6)?.source).toBe('dns:vpn.example');
  });

  it('cuts off too many, and says so', () => {
    const many = Array.from({ length: ours.maxCandidates + 3 }, (_, n) => `198.51.100.${n}:51820`);
    const { table, actions } = tableOf(many);
    expect(table.listed()).toHaveLength(ours.maxCandidates);
    expect(actions[0]).toMatchObject({ fact: { kind: 'candidates', cutOff: 3 } });
  });

  it('takes a late answer, and no late error', () => {
    const { table } = tableOf([v6]);
    table.note(ok(v6), 0);
    for (const ms of ours.hintEchoAtMs) table.step(ms);
    table.step(ours.hintSilentAfterMs);
    expect(table.get(v6)?.hint).toBe('silent');
    table.note({ type: 'hint', endpoint: v6, outcome: 'unroutable', rttMs: null }, 3_000);
    expect(table.get(v6)?.hint).toBe('silent');
    table.note(answer(v6), 3_000);
    expect(table.get(v6)?.hint).toBe('reachable');
    table.note({ type: 'hint', endpoint: v6, outcome: 'unroutable', rttMs: null }, 3_100);
    expect(table.get(v6)?.hint).toBe('reachable');
  });

  it('tells one address from others only after its grace, and only where another one answers', () => {
    const { table } = tableOf([v6, v4]);
    table.note(ok(v6), 0);
    expect(table.contrast(v6, 60_000)).toBe(false);
    table.note(ok(v4), 0);
    table.note(answer(v4), 20);
    const endsMs = graceEndsAtMs(0, 20);
    expect(table.graceEndsAtMs(v6, 20)).toBe(endsMs);
    expect(table.contrast(v6, endsMs - 1)).toBe(false);
    expect(table.contrast(v6, endsMs)).toBe(true);
    expect(table.contrast(v4, endsMs)).toBe(false);
    expect(table.contrast(elsewhere, endsMs)).toBe(false);
  });

  it('calls silent at the end who had its time, and nobody else', () => {
    const { table } = tableOf([v6, v4]);
    table.note(ok(v6), 0);
    table.note(ok(v4), 700);
    const actions = table.conclude(graceEndsAtMs(0, 0));
    expect(actions).toEqual([
      { type: 'report', fact: { kind: 'hint', endpoint: v6, verdict: 'silent', rttMs: null } },
    ]);
    expect(table.get(v4)?.hint).toBe('asking');
  });

  it('remembers failures from earlier runs, and forgets them with a proof', () => {
    const { table } = tableOf([v6], new Map([[v6, -5_000]]));
    expect(table.get(v6)?.failedAtMs).toBe(-5_000);
    table.noteTrial(v6, 'silent', 10);
    expect(table.get(v6)).toMatchObject({ failedAtMs: 10, trial: 'silent' });
    table.noteTrial(v6, 'proven', 20);
    expect(table.get(v6)).toMatchObject({ failedAtMs: null, trial: 'proven' });
  });

  it('knows the address of an endpoint', () => {
    expect([addressOf(v6), addressOf(v4)]).toEqual(['2001:db8::1', '203.0.113.1']);
  });
});
