import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProgramResult } from '../../src/host/program.ts';
import { parsePing } from '../../src/probe/echo-program.ts';

function exited(code: number, stdout: string, stderr = ''): ProgramResult {
  return { kind: 'exited', code, stdout, stderr, truncated: false };
}

// The texts are what iputils 20221126 prints; the last is how busybox writes it.
test.each([
  ['10.9.0.2', '64 bytes from 10.9.0.2: icmp_seq=1 ttl=64 time=0.580 ms', 0.58],
  ['2001:db8:0::2', '24 bytes from 2001:db8::2: icmp_seq=1 ttl=64 time=12 ms', 12],
  ['fe80::1%v0', '64 bytes from fe80::1%v0: icmp_seq=1 ttl=64 time=1.5 ms', 1.5],
  ['fe80::1%3', '64 bytes from fe80::1%v0: icmp_seq=1 ttl=64 time=1.5 ms', 1.5],
  ['10.9.0.2', '64 bytes from 10.9.0.2: seq=0 ttl=64 time=0.072 ms', 0.072],
])('an answer from %s: "%s"', (address, line, rttMs) => {
  const stdout = `PING ${address} 56(84) bytes of data.\n${line}\n\n--- statistics ---\n`;
  expect(parsePing(exited(0, stdout), address)).toEqual({ kind: 'answered', rttMs });
});

test('an answer from another address, or without a time, is not an answer', () => {
  const other = '64 bytes from 10.9.0.3: icmp_seq=1 ttl=64 time=0.580 ms\n';
  expect(parsePing(exited(0, other), '10.9.0.2')).toMatchObject({ kind: 'failed' });
  expect(parsePing(exited(0, '64 bytes from 10.9.0.2: icmp_seq=1\n'), '10.9.0.2')).toMatchObject({
    kind: 'failed',
  });
});

test('an answer to an echo that went out without the mark does not count', () => {
  const stdout = '64 bytes from 10.9.0.2: icmp_seq=1 ttl=64 time=0.031 ms\n';
  for (const reason of ['Operation not permitted', 'Protocol not available']) {
    const stderr = `ping: WARNING: failed to set mark: 5: ${reason}\n`;
    expect(parsePing(exited(0, stdout, stderr), '10.9.0.2')).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('mark'),
    });
  }
});

test('another warning does not spoil an answer', () => {
  const stdout = '64 bytes from fe80::1%v0: icmp_seq=1 ttl=64 time=0.020 ms\n';
  const stderr = 'ping: Warning: source address might be selected on device other than: v0\n';
  expect(parsePing(exited(0, stdout, stderr), 'fe80::1')).toEqual({ kind: 'answered', rttMs: 0.02 });
  expect(parsePing(exited(1, '', stderr), 'fe80::1')).toBeNull();
});

test('nobody answered, a router reported an error, or it was ended: silence', () => {
  const error = 'From 10.9.0.9 icmp_seq=1 Destination Host Unreachable\n';
  expect(parsePing(exited(1, 'PING …\n'), '10.9.0.2')).toBeNull();
  expect(parsePing(exited(1, error), '10.9.0.2')).toBeNull();
  expect(parsePing({ kind: 'timed-out' }, '10.9.0.2')).toBeNull();
  expect(parsePing({ kind: 'killed', signal: 'SIGKILL' }, '10.9.0.2')).toBeNull();
});

test.each([
  [2, 'ping: connect: Network is unreachable', 'unroutable'],
  [2, 'ping: connect: Invalid argument', 'unroutable'],
  [2, 'ping: connect: No route to host', 'unroutable'],
  [2, 'ping: SO_BINDTODEVICE nix: No such device', 'unroutable'],
  [2, 'ping: fe80::1%nix: Name or service not known', 'unroutable'],
  [1, 'ping: sendmsg: Required key not available', 'unroutable'],
  [2, 'ping: connect: Permission denied', 'refused'],
  [2, 'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules', 'refused'],
  [2, 'ping: socket: Operation not permitted', 'refused'],
  [1, "ping: invalid option -- 'm'", 'failed'],
  [2, '', 'failed'],
] as const)('code %i with "%s" is %s', (code, stderr, kind) => {
  const result = parsePing(exited(code, '', `${stderr}\n`), '10.9.0.2');
  expect(result).toMatchObject({ kind });
  if (stderr !== '') expect(result).toMatchObject({ detail: stderr });
});

test('a missing program says what to install', () => {
  expect(parsePing({ kind: 'missing' }, '10.9.0.2')).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining('iputils-ping'),
  });
  expect(parsePing({ kind: 'failed', detail: 'EAGAIN' }, '10.9.0.2')).toMatchObject({ kind: 'failed' });
});

test('arbitrary output never throws and makes an answer only with a finite time', () => {
  const output = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), output, output, (code, stdout, stderr) => {
      const result = parsePing(exited(code, stdout, stderr), '10.9.0.2');
      return result?.kind !== 'answered' || Number.isFinite(result.rttMs);
    }),
  );
});
