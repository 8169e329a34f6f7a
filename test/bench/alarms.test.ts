import { describe, expect, it } from 'vitest';
import { isQuiet, renderAlarmReport } from '../../bench/alarms/report.ts';
import { alarmRows } from '../../bench/alarms/row.ts';
import { countSaid } from '../../bench/alarms/said.ts';
import { conditionsOf } from './conditions.ts';

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
