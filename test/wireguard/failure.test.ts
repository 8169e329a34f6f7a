import { describe, expect, it } from 'vitest';
import type { ProgramResult } from '../../src/host/program.ts';
import type { Device } from '../../src/wireguard/device.ts';
import { wgFailure } from '../../src/wireguard/failure.ts';

const present: Device = { kind: 'present', rxFrameErrors: 0 };
const absent: Device = { kind: 'absent' };
const said = (stderr: string): ProgramResult => ({
  kind: 'exited',
  code: 1,
  stdout: '',
  stderr,
  truncated: false,
});

describe('wgFailure', () => {
  it.each<[ProgramResult, Device, string]>([
    [{ kind: 'missing' }, present, 'wg-missing'],
    [{ kind: 'timed-out' }, present, 'timed-out'],
    [{ kind: 'killed', signal: 'SIGTERM' }, present, 'failed'],
    [{ kind: 'failed', detail: 'EAGAIN' }, present, 'failed'],
    [said('Unable to access interface: Operation not permitted\n'), present, 'not-permitted'],
    [said('Unable to access interface: Permission denied\n'), present, 'not-permitted'],
    [said('Unable to modify interface: Permission denied\n'), present, 'not-permitted'],
    [said('Unable to access interface: No such device\n'), present, 'no-such-interface'],
    [said('Unable to access interface: Operation not supported\n'), present, 'not-wireguard'],
    [said('Unable to access interface: Protocol not supported\n'), present, 'not-wireguard'],
    [said('Unable to modify interface: Protocol not supported\n'), absent, 'no-such-interface'],
    [said('Something new\n'), present, 'failed'],
    [said(''), present, 'failed'],
  ])('sorts %j', (result, device, kind) => {
    const failure = wgFailure(result, { interfaceName: 'wg0', verb: 'read', device, timeoutMs: 1000 });
    expect(failure.kind).toBe(kind);
    expect(failure.detail).not.toContain('\n');
    expect(failure.detail.length).toBeGreaterThan(20);
  });
});
