import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ControlRequest,
  controlCommands,
  createLineReader,
  formatReply,
  parseReply,
  parseRequest,
} from '../../src/daemon/control-protocol.ts';

const publicKey = 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';

function bytes(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

const guest = { publicKey, host: 'vpn.example', port: 51820 };
const oneShot = { version: '1', probe: 'auto', timeoutMs: 50_000, peers: [guest] } as const;

test.each<ControlRequest>([
  { id: 0, command: 'status' },
  { id: 7, command: 'pause', interface: 'wg0', publicKey, forMs: 3_600_000 },
  { id: 7, command: 'pause', forMs: 31_536_000_000 },
  { id: 1, command: 'resume', publicKey },
  { id: 1, command: 'repair', interface: 'wg0', dryRun: true },
  { id: 1, command: 'reload' },
  { id: 1, command: 'one-shot', interface: 'wg0', oneShot },
])('%j is a request', (request) => {
  expect(parseRequest(bytes(request))).toEqual({ kind: 'ok', request });
});

test.each([
  ['', null, 'not-json'],
  ['{', null, 'not-json'],
  ['[1]', null, 'not-a-request'],
  ['null', null, 'not-a-request'],
  [{ command: 'status' }, null, 'not-a-request'],
  [{ id: -1, command: 'status' }, null, 'not-a-request'],
  [{ id: 1.5, command: 'status' }, null, 'not-a-request'],
  [{ id: '1', command: 'status' }, null, 'not-a-request'],
  [{ id: 3 }, 3, 'unknown-command'],
  [{ id: 3, command: 'toString' }, 3, 'unknown-command'],
  [{ id: 3, command: 'repair', dryrun: true }, 3, 'bad-value'],
  ['{"id":3,"command":"repair","__proto__":{"dryRun":true}}', 3, 'bad-value'],
  [{ id: 3, command: 'status', interface: '../x' }, 3, 'bad-value'],
  [{ id: 3, command: 'status', interface: 5 }, 3, 'bad-value'],
  [{ id: 3, command: 'status', interface: null }, 3, 'bad-value'],
  [{ id: 3, command: 'status', publicKey: 'AAAA' }, 3, 'bad-value'],
  [{ id: 3, command: 'pause', forMs: 0 }, 3, 'bad-value'],
  [{ id: 3, command: 'pause', forMs: 31_536_000_001 }, 3, 'bad-value'],
  [{ id: 3, command: 'pause', forMs: '1h' }, 3, 'bad-value'],
  [{ id: 3, command: 'resume', forMs: 1_000 }, 3, 'bad-value'],
  [{ id: 3, command: 'repair', dryRun: 'yes' }, 3, 'bad-value'],
  [{ id: 3, command: 'status', dryRun: true }, 3, 'bad-value'],
  [{ id: 3, command: 'one-shot', interface: 'wg0' }, 3, 'bad-value'],
  [{ id: 3, command: 'one-shot', oneShot }, 3, 'bad-value'],
  [{ id: 3, command: 'repair', interface: 'wg0', oneShot }, 3, 'bad-value'],
  ...[
    { peers: [] },
    { peers: [guest, guest] },
    { peers: [{ ...guest, host: '-x' }] },
    { peers: [{ ...guest, port: 0 }] },
    { peers: [{ ...guest, port: 1.5 }] },
    { peers: [{ ...guest, publicKey: 'AAAA' }] },
    { peers: [{ ...guest, dryRun: true }] },
    { peers: {} },
    { dryRun: true },
    { probe: 'magic' },
    { timeoutMs: 0 },
    { timeoutMs: '50' },
    { version: null },
  ].map((wrong): [unknown, number, string] => [
    { id: 3, command: 'one-shot', interface: 'wg0', oneShot: { ...oneShot, ...wrong } },
    3,
    'bad-value',
  ]),
  ['['.repeat(65_000), null, 'not-json'],
])('%j is answered with an error', (value, id, code) => {
  expect(parseRequest(bytes(value))).toMatchObject({ kind: 'invalid', id, error: { code } });
});

test('bytes that are not UTF-8 are not JSON', () => {
  expect(parseRequest(Buffer.from('{"id":1,"command":"st\xe4tus"}', 'latin1'))).toMatchObject({
    error: { code: 'not-json' },
  });
});

test('an error does not repeat a value: somebody may have pasted a private key', () => {
  const secret = 'sECRETsecretsecretsecretsecretsecretsecret12=';
  const parsed = parseRequest(bytes({ id: 1, command: 'status', publicKey: secret }));
  expect(parsed.kind).toBe('invalid');
  expect(JSON.stringify(parsed)).not.toContain('sECRET');
});

test('any bytes and any JSON give a request or an error, and any bytes a reply or null', () => {
  const nearly = fc.record(
    {
      id: fc.oneof(fc.nat(), fc.jsonValue()),
      command: fc.oneof(fc.constantFrom(...controlCommands), fc.jsonValue()),
      interface: fc.oneof(fc.constant('wg0'), fc.jsonValue()),
      publicKey: fc.oneof(fc.constant(publicKey), fc.jsonValue()),
      forMs: fc.oneof(fc.nat(), fc.jsonValue()),
      dryRun: fc.oneof(fc.boolean(), fc.jsonValue()),
      progress: fc.jsonValue(),
      result: fc.jsonValue(),
      error: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 500 }),
    fc.oneof(nearly, fc.jsonValue()).map((value) => bytes(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(anything, (input) => {
      const parsed = parseRequest(input);
      if (parsed.kind === 'ok') expect(controlCommands).toContain(parsed.request.command);
      else expect(parseReply(bytes(formatReply({ id: parsed.id, error: parsed.error })))).not.toBeNull();
      parseReply(input);
    }),
    { numRuns: 2_000 },
  );
});

test('replies come back as they were sent', () => {
  for (const reply of [
    { id: 1, progress: 'Trying\n203.0.113.1' },
    { id: 1, result: { peers: [] } },
    { id: 1, result: null },
    { id: null, error: { code: 'busy', message: 'Later.' } },
  ]) {
    const line = formatReply(reply);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(parseReply(bytes(line))).toEqual(reply);
  }
  expect(parseReply(bytes(formatReply({ id: 1, result: undefined })))).toEqual({ id: 1, result: null });
  for (const text of ['', '{}', '{"id":1}', '{"id":null,"result":1}', '{"id":1,"error":{"code":1}}', '[]']) {
    expect(parseReply(bytes(text))).toBeNull();
  }
});

test('lines come out the same however the stream is cut', () => {
  const piece = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(Uint8Array.of(0x0a)));
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const reader = createLineReader(1_000_000);
      const lines: string[] = [];
      for (const one of pieces) {
        reader.push(one);
        for (let line = reader.next(); line !== null; line = reader.next()) {
          if (line.kind === 'line') lines.push(Buffer.from(line.bytes).toString('latin1'));
        }
      }
      const whole = Buffer.concat(pieces).toString('latin1').split('\n');
      expect(lines).toEqual(whole.slice(0, -1));
    }),
  );
});

test('a line may have exactly the limit; one byte more ends the stream, whole or in pieces', () => {
  const exact = createLineReader(10);
  exact.push(bytes(`${'x'.repeat(10)}\n`));
  expect(exact.next()).toMatchObject({ kind: 'line' });
  for (const pieces of [
    ['x'.repeat(11)],
    [`${'x'.repeat(11)}\n`],
    ['x'.repeat(6), 'x'.repeat(5)],
    ['a\n', 'x'.repeat(11)],
  ]) {
    const reader = createLineReader(10);
    const seen: (string | undefined)[] = [];
    for (const one of pieces) {
      reader.push(bytes(one));
      for (let line = reader.next(); line !== null; line = reader.next()) seen.push(line.kind);
    }
    expect(seen.filter((kind) => kind === 'too-long')).toHaveLength(1);
    reader.push(bytes('more\n'));
    expect(reader.next()).toBeNull();
  }
});
