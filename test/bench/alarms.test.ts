import { describe, expect, it } from 'vitest';
import { isQuiet, renderAlarmReport } from '../../bench/alarms/report.ts';
import { alarmRows } from '../../bench/alarms/row.ts';
import { countSaid } from '../../bench/alarms/said.ts';
import { loss, slow } from '../../bench/alarms/weather.ts';
import type { LabPath, PathRule } from '../../lab/path.ts';
import { conditionsOf } from './conditions.ts';

/** A path that only notes what it is told. */
function notedPath() {
  const rules: PathRule[] = [];
  let delay = { delayMs: 0, jitterMs: 0 };
  const unused = () => Promise.reject(new Error('not here'));
  const path: LabPath = {
    set: async (...given) => void rules.push(...given),
    setDefault: async ({ delayMs, jitterMs = 0 }) => {
      delay = { delayMs, jitterMs };
    },
    add: unused,
    clear: unused,
    counts: unused,
  };
  return { path, rules, delay: () => delay };
}

describe('the weather', () => {
  const random = () => 0.5;
  const over = AbortSignal.abort();

  it('loses 2 % of all packets each way', async () => {
    const { path, rules } = notedPath();
    await loss.begin({ path }, random, over);
    // Without a family, an address or a direction a rule is for every packet.
    expect(rules).toEqual([{ lossPercent: 2 }]);
  });

  it('makes a round trip of 600 ms, 300 more or less', async () => {
    const { path, delay } = notedPath();
    await slow.begin({ path }, random, over);
    expect(2 * delay().delayMs).toBe(600);
    expect(2 * delay().jitterMs).toBe(300);
  });
});

const line = (fields: object) => JSON.stringify({ time: 't', level: 'info', ...fields });

describe('what the log says', () => {
  it('is counted, also what it held back', () => {
    const looked = { event: 'health-changed', to: 'suspect' };
    const said = [
      line(looked),
      line(looked),
      line({ ...looked, suppressed: 5 }),
      line({ event: 'health-changed', to: 'down' }),
      line({ event: 'trial' }),
      line({ event: 'endpoint-switched' }),
      line({ event: 'health-changed', to: 'up' }),
      'no JSON',
    ];
    expect(countSaid(said)).toEqual({ looks: 7, downs: 1, moves: 2 });
  });
});

describe('a false alarm', () => {
  it('is an endpoint that changed, or another one that was tried', () => {
    expect(isQuiet({ changes: 0, moves: 0 })).toBe(true);
    expect(isQuiet({ changes: 1, moves: 0 })).toBe(false);
    expect(isQuiet({ changes: 0, moves: 1 })).toBe(false);
  });

  it('stands in the table with its path', () => {
    const [row] = alarmRows;
    const result = {
      looks: 4,
      downs: 0,
      moves: 1,
      changes: 2,
      lastedMs: 600_000,
      echoesSent: 70,
      echoesLost: 3,
    };
    const text = renderAlarmReport({
      schema: 2,
      kind: 'alarms',
      conditions: conditionsOf({}),
      seed: 9,
      results: [{ ...result, row: row?.name ?? '', said: [] }],
    });
    const cells = text
      .split('\n')
      .at(-1)
      ?.split('|')
      .map((cell) => cell.trim());
    expect(cells?.slice(1, -1)).toEqual([
      ...[row?.weather.title, 'traffic', row?.profile, '10.0'],
      ...['2', '1', '0', '4', '70', '3', 'no'],
    ]);
  });

  it('is looked for in both profiles that were promised, with traffic and without', () => {
    const kinds = alarmRows.map(({ weather, profile, traffic }) => `${weather.name} ${profile} ${traffic}`);
    expect(new Set(kinds).size).toBe(2 * 2 * 2);
  });
});
