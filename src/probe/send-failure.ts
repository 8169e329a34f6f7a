import os from 'node:os';

/**
 * A packet that this host itself did not send.
 *
 * `unroutable`: there is no way from here to that address now. `refused`: a local rule or a missing right
 * forbids it. `failed`: anything else. None of them says anything about the far side.
 */
export interface SendFailure {
  readonly kind: 'unroutable' | 'refused' | 'failed';
  readonly detail: string;
}

const { errno } = os.constants;
/** Not among Node's constants. WireGuard: no peer has the address in its allowed IPs. */
const ENOKEY = 126;

const known = new Map<number, SendFailure>([
  [errno.ENETUNREACH, { kind: 'unroutable', detail: 'no route to this network' }],
  [
    errno.EHOSTUNREACH,
    { kind: 'unroutable', detail: 'a route of type unreachable, or no answer on the link' },
  ],
  [errno.ENETDOWN, { kind: 'unroutable', detail: 'the device is down' }],
  [errno.ENODEV, { kind: 'unroutable', detail: 'the device does not exist' }],
  [errno.ENXIO, { kind: 'unroutable', detail: 'the device does not exist' }],
  [errno.EADDRNOTAVAIL, { kind: 'unroutable', detail: 'no source address of this family' }],
  [errno.EAFNOSUPPORT, { kind: 'unroutable', detail: 'this host does not have this address family' }],
  [
    errno.EINVAL,
    { kind: 'unroutable', detail: 'a route of type blackhole, or a link-local address without zone' },
  ],
  [errno.EDESTADDRREQ, { kind: 'unroutable', detail: 'the WireGuard peer has no endpoint' }],
  [ENOKEY, { kind: 'unroutable', detail: 'no WireGuard peer has this address in its allowed IPs' }],
  [errno.EACCES, { kind: 'refused', detail: 'a route of type prohibit, or a broadcast address' }],
  [
    errno.EPERM,
    { kind: 'refused', detail: 'a firewall rule of this host, or a missing right (CAP_NET_ADMIN)' },
  ],
]);

/** The meaning of an error number of Linux (positive). `saidBySystem` is appended as it is. */
export function sendFailure(errnoNumber: number, saidBySystem: string): SendFailure {
  const meaning = known.get(errnoNumber);
  if (!meaning) return { kind: 'failed', detail: saidBySystem };
  return { kind: meaning.kind, detail: `${meaning.detail} (${saidBySystem})` };
}

/** The same for an error that Node gave: libuv's numbers are the negated ones of Linux. */
export function sendFailureOf(error: NodeJS.ErrnoException): SendFailure {
  return sendFailure(Math.abs(error.errno ?? 0), error.message);
}

/** The same for the symbolic name of an error. */
export function sendFailureNamed(name: string, saidBySystem: string): SendFailure {
  return sendFailure(Object.entries(errno).find(([key]) => key === name)?.[1] ?? 0, saidBySystem);
}
