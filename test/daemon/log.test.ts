import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog, type LogOptions, stderrIsJournal } from '../../src/daemon/log.ts';
import { compileSources } from '../host/compiled-sources.ts';

let lines: string[];
let monotonicMs: number;
const wallMs = Date.parse('2026-11-22T10:00:00.000Z');

beforeEach(() => {
  lines = [];
  monotonicMs = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

function log(options: Partial<LogOptions> = {}) {
  return createLog({
    format: 'text',
    journald: false,
    verbose: false,
    write: (line) => lines.push(line),
    now: () => ({ monotonicMs, wallMs: wallMs + monotonicMs }),
    ...options,
  });
}

const key = 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';
const fields = {
  message: 'It moved.',
  to: '203.0.113.1:51820',
  interface: 'wg0',
  publicKey: key,
  from: null,
};

test('text: time, level, event, sentence, then fields', () => {
  log().notice('endpoint-switched', {
    ...fields,
    why: 'no "answer"',
    list: ['a', 'b'],
    nothing: undefined,
    empty: '',
  });
  expect(lines).toEqual([
    `2026-11-22T10:00:00.000Z notice endpoint-switched: It moved. interface=wg0 publicKey=${key} ` +
      'to=203.0.113.1:51820 from=null why="no \\"answer\\"" list=a,b empty=""\n',
  ]);
});

test.each([
  ['debug', 7],
  ['info', 6],
  ['notice', 5],
  ['warning', 4],
  ['error', 3],
] as const)('under systemd %s has priority %d and no time', (level, priority) => {
  log({ journald: true, verbose: true })[level]('started');
  log({ journald: true, verbose: true, format: 'json' })[level]('started');
  expect(lines[0]).toBe(`<${priority}>started\n`);
  expect(lines[1]).toMatch(
    new RegExp(`^<${priority}>\\{"time":"2026-11-22T10:00:00.000Z","level":"${level}",`),
  );
});

test('debug only when asked for', () => {
  log().debug('seen');
  expect(lines).toEqual([]);
});

test('JSON: stable keys first, also where nothing is known; a field cannot pass for one of them', () => {
  log({ format: 'json' }).info('endpoint-switched', { time: 'x', level: 'x', event: 'x', ...fields });
  log({ format: 'json' }).info('started');
  const [first, second] = lines.map((line) => JSON.parse(line));
  expect(Object.keys(first)).toEqual([
    'time',
    'level',
    'event',
    'message',
    'interface',
    'publicKey',
    'to',
    'from',
  ]);
  expect(first).toMatchObject({
    level: 'info',
    event: 'endpoint-switched',
    interface: 'wg0',
    publicKey: key,
    from: null,
  });
  expect(second).toEqual({
    time: '2026-11-22T10:00:00.000Z',
    level: 'info',
    event: 'started',
    message: null,
    interface: null,
    publicKey: null,
  });
});

test('any content gives one printable line of at most 4096 bytes, and valid JSON', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\x1b[2J\n',
      '\u2028',
      '\ud800',
      '\u{10ffff}'.repeat(2_000),
      'x'.repeat(9_000),
      '\u{e0001}',
    ),
  );
  const value = fc.oneof(
    text,
    fc.array(text, { maxLength: 40 }),
    fc.double(),
    fc.constant(null),
    fc.boolean(),
  );
  fc.assert(
    fc.property(
      text,
      text,
      fc.dictionary(text, value, { maxKeys: 50 }),
      fc.boolean(),
      (event, message, more, json) => {
        lines = [];
        log({ format: json ? 'json' : 'text' }).error(event, {
          ...more,
          message,
          interface: 'wg0',
          publicKey: key,
        });
        expect(lines).toHaveLength(1);
        const [line = ''] = lines;
        expect(line.endsWith('\n')).toBe(true);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4_096);
        if (json) expect(JSON.parse(line)).toMatchObject({ level: 'error' });
      },
    ),
  );
});

test('a long value is cut where short ones, which say who and where, stay whole', () => {
  log().error('set-failed', { ...fields, message: 'é'.repeat(20_000), detail: 'x'.repeat(20_000) });
  expect(lines[0]).toContain(`publicKey=${key} to=203.0.113.1:51820`);
  expect(lines[0]).toContain('é…');
});

test('the same line three times a minute, then a count; others pass', () => {
  vi.useFakeTimers();
  const { warning } = log();
  for (let time = 0; time < 10; time += 1) warning('dns-failed', { message: 'No answer.' });
  warning('dns-failed', { message: 'Another.' });
  expect(lines).toHaveLength(4);
  monotonicMs = 60_000;
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(5);
  expect(lines[4]).toContain('dns-failed: No answer. (the same line came 7 more times) suppressed=7');
  warning('dns-failed', { message: 'No answer.' });
  expect(lines).toHaveLength(6);
  monotonicMs = 200_000;
  vi.advanceTimersByTime(200_000);
  expect(lines).toHaveLength(6);
});

test('a repetition that is still counted is told at the end, or when the minute is over without a timer', () => {
  vi.useFakeTimers();
  const one = log();
  for (let time = 0; time < 4; time += 1) one.info('again');
  one.flush();
  one.flush();
  expect(lines).toHaveLength(4);
  for (let time = 0; time < 4; time += 1) one.info('again');
  monotonicMs = 61_000;
  one.info('again');
  expect(lines.slice(-2)).toEqual([
    expect.stringContaining('suppressed=1'),
    expect.not.stringContaining('suppressed'),
  ]);
});

test('many different lines do not make it forget without a word', () => {
  const { info } = log();
  for (let time = 0; time < 5; time += 1) info('again');
  for (let index = 0; index < 300; index += 1) info('other', { index });
  expect(lines.filter((line) => line.includes('suppressed=2'))).toHaveLength(1);
  expect(lines).toHaveLength(3 + 1 + 300);
});

test('a writer that throws harms nobody', () => {
  const { error } = log({
    write: () => {
      throw new Error('EPIPE');
    },
  });
  expect(() => error('lost')).not.toThrow();
});

test('the journal is recognised by device and inode of standard error', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wg-reach-log-'));
  const file = openSync(join(directory, 'stream'), 'w');
  try {
    const { dev, ino } = fstatSync(file, { bigint: true });
    expect(stderrIsJournal(`${dev}:${ino}`, file)).toBe(true);
    expect(stderrIsJournal(`${dev}:${ino + 1n}`, file)).toBe(false);
    for (const text of [undefined, '', 'x', `${dev}`, `${dev}:${ino}:1`])
      expect(stderrIsJournal(text, file)).toBe(false);
    expect(stderrIsJournal(`${dev}:${ino}`, 9_999)).toBe(false);
  } finally {
    closeSync(file);
    rmSync(directory, { recursive: true });
  }
});

test('a process whose standard error is closed lives on', async () => {
  const compiled = await compileSources(['src/daemon/log.ts']);
  const code = `
    const { createLog, stderrWriter } = await import(${JSON.stringify(join(compiled.directory, 'src/daemon/log.js'))});
    const log = createLog({ format: 'text', journald: false, verbose: false, write: stderrWriter() });
    log.info('first');
    process.stdin.once('data', () => {
      let index = 0;
      const timer = setInterval(() => {
        log.info('more', { index: index++, filler: 'x'.repeat(900) });
        if (index === 100) { clearInterval(timer); process.exit(7); }
      }, 1);
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { timeout: 15_000 });
  try {
    const first = await new Promise<string>((resolve) =>
      child.stderr.once('data', (data: Buffer) => resolve(data.toString())),
    );
    expect(first).toMatch(/^\S+ info first\n$/);
    child.stderr.destroy();
    child.stdin.write('go\n');
    expect(await new Promise((resolve) => child.on('exit', (exitCode) => resolve(exitCode)))).toBe(7);
  } finally {
    child.kill('SIGKILL');
    compiled.remove();
  }
}, 60_000);
