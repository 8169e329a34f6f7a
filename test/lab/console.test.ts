import { expect, test } from 'vitest';
import { createConsole } from '../../lab/console.ts';
import type { PathRule } from '../../lab/path.ts';

function scene() {
  const table: { rules: readonly PathRule[]; fails: boolean } = { rules: [], fails: false };
  const prompt = createConsole({
    path: {
      set: async (...rules) => {
        if (table.fails) throw new Error('The forwarder has ended.');
        table.rules = rules;
      },
      clear: async () => {
        table.rules = [];
      },
      setDefault: async () => {},
    },
    wg: { endpoint: async () => '203.0.113.1:51820' },
    innerPing: async () => null,
  });
  return { table, obey: prompt.obey };
}

/** What happens to a packet of that family: of several rules that match, the first decides. */
function fate(rules: readonly PathRule[], family: 4 | 6): PathRule | undefined {
  return rules.find((rule) => rule.family === undefined || rule.family === family);
}

test.each(['break 6, loss 20', 'loss 20, break 6', 'break 6, loss 50, loss 20'])(
  'what is broken stays broken under loss: %s',
  async (lines) => {
    const { table, obey } = scene();
    for (const line of lines.split(', ')) await obey(line);
    expect(fate(table.rules, 6)).toMatchObject({ drop: true });
    expect(fate(table.rules, 4)).toEqual({ lossPercent: 20 });
    await obey('loss 0');
    expect(fate(table.rules, 6)).toMatchObject({ drop: true });
    expect(fate(table.rules, 4)).toBeUndefined();
    expect(await obey('heal')).toContain('gone');
    expect(table.rules).toEqual([]);
    await obey('loss 5');
    expect(table.rules).toEqual([{ lossPercent: 5 }]);
  },
);

test('a part of a family, and both', async () => {
  const { table, obey } = scene();
  await obey('break 4 up udp');
  await obey('break 6');
  expect(table.rules).toEqual([
    { family: 6, drop: true },
    { family: 4, direction: 'up', protocol: 'udp', drop: true },
  ]);
});

test.each([
  ['loss', 'is no share'],
  ['loss much', 'is no share'],
  ['loss 101', 'is no share'],
  ['delay', 'is no time'],
  ['delay -1', 'is no time'],
  ['break', 'Which family'],
  ['frobnicate', 'heal'],
  ['ping', 'No answer'],
  ['endpoint', '203.0.113.1:51820'],
])('"%s" is answered and changes nothing', async (line, answer) => {
  const { table, obey } = scene();
  await obey('break 6');
  const { rules } = table;
  expect(await obey(line)).toContain(answer);
  expect(table.rules).toBe(rules);
});

test('a fault of the lab itself is said, and the prompt goes on', async () => {
  const { table, obey } = scene();
  table.fails = true;
  expect(await obey('loss 5')).toBe('The forwarder has ended.');
  expect(await obey('')).toBe('');
  expect(await obey('quit')).toBeNull();
});
