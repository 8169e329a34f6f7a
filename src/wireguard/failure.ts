import type { ProgramResult } from '../host/program.ts';
import type { Device } from './device.ts';

/** Why `wg` could not be asked, or did not do it. `detail` is one sentence for people. */
export interface WgFailure {
  readonly kind:
    | 'wg-missing'
    | 'not-permitted'
    | 'no-such-interface'
    | 'not-wireguard'
    | 'timed-out'
    | 'failed';
  readonly detail: string;
}

/** What was asked of `wg`, for the wording and for what its messages leave open. */
export interface WgRequest {
  readonly interfaceName: string;
  readonly verb: 'read' | 'change';
  /** Whether the interface is in our network namespace, looked up after `wg` failed. */
  readonly device: Device;
  readonly timeoutMs: number;
}

const notPermitted = /Operation not permitted|Permission denied/;
/** Kernel WireGuard: "No such device" for an unknown interface, "Operation not supported" for one of another type. */
const noSuchDevice = /No such device/;
/** Without the kernel module `wg` says "Protocol not supported" to both. */
const notSupported = /Operation not supported|Protocol not supported|Address family not supported/;

/** Sorts what became of `wg` into the kinds of failure. The result must not be an exit with code 0. */
export function wgFailure(result: ProgramResult, request: WgRequest): WgFailure {
  const { interfaceName, verb, timeoutMs } = request;
  switch (result.kind) {
    case 'missing':
      return {
        kind: 'wg-missing',
        detail: "the program 'wg' was not found; install the package wireguard-tools",
      };
    case 'timed-out':
      return {
        kind: 'timed-out',
        detail: `'wg' did not answer within ${timeoutMs} ms; the process behind ${interfaceName} may hang`,
      };
    case 'killed':
      return { kind: 'failed', detail: `'wg' was ended by the signal ${result.signal}` };
    case 'failed':
      return { kind: 'failed', detail: `'wg' could not be started: ${result.detail}` };
    case 'exited':
      return exitFailure(plainLine(result.stderr), result.code, request, verb);
  }
}

/** The failure for an interface that is not there, before or after `wg` was asked. */
export function noSuchInterface(interfaceName: string): WgFailure {
  return {
    kind: 'no-such-interface',
    detail: `there is no interface ${interfaceName} in this network namespace; is the tunnel up?`,
  };
}

/** The first 120 printable characters of what a program said, safe to show on a terminal. */
export function plainLine(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return printable.length > 120 ? `${printable.slice(0, 117)}...` : printable;
}

function exitFailure(said: string, code: number, request: WgRequest, verb: WgRequest['verb']): WgFailure {
  const { interfaceName, device } = request;
  if (notPermitted.test(said)) {
    return {
      kind: 'not-permitted',
      detail: `not allowed to ${verb} ${interfaceName} (${said}); run it as root`,
    };
  }
  if (noSuchDevice.test(said) || (device.kind === 'absent' && notSupported.test(said))) {
    return noSuchInterface(interfaceName);
  }
  if (notSupported.test(said)) {
    return {
      kind: 'not-wireguard',
      detail: `${interfaceName} is not a WireGuard interface, or the process that served it has ended (${said})`,
    };
  }
  return {
    kind: 'failed',
    detail: `'wg' could not ${verb} ${interfaceName}: ${said || `exit code ${code}`}`,
  };
}
