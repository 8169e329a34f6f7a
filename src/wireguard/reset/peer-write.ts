import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { openMemoryFile } from '../../host/native.ts';
import { runProgram } from '../../host/program.ts';
import { readDevice } from '../device.ts';
import { formatEndpoint } from '../endpoint.ts';
import { type WgFailure, wgFailure } from '../failure.ts';
import type { WgOptions } from '../tool.ts';
import type { PeerRecord } from './record.ts';

/** One call of `wg set` that writes a whole peer. */
export interface PeerWrite {
  readonly record: PeerRecord;
  /**
   * `renew` removes the peer and adds it again in the same call; `put-back` adds what is missing and leaves the rest, so
   * that it may be repeated.
   */
  readonly mode: 'renew' | 'put-back';
  /** Those of the record's that are to be set, all of them but for what another peer has. */
  readonly allowedIps: readonly string[];
  /** False leaves the endpoint that the peer has. */
  readonly withEndpoint: boolean;
}

/**
 * Carries the write out. The preshared key goes by standard input, from a file in memory: `wg` opens `/dev/stdin` by
 * name, which fails for the socket pairs that Node gives its children, and some systems forbid `wg` to read key files.
 * Without the native library it is a file without a name in `directory`.
 *
 * A failure of the kinds `timed-out` and `failed` may have taken effect, wholly or in part, or may do so later.
 */
export async function writePeer(
  write: PeerWrite,
  directory: string,
  options: WgOptions,
): Promise<{ readonly kind: 'ok' } | WgFailure> {
  const { record } = write;
  const secret = record.presharedKey === null ? null : openSecret(record.presharedKey, directory);
  if (secret !== null && !('fd' in secret)) return secret;
  try {
    const result = await runProgram('wg', argumentsOf(write), {
      ...options,
      ...(secret === null ? {} : { inputFd: secret.fd }),
    });
    if (result.kind === 'exited' && result.code === 0) return { kind: 'ok' };
    const device = await readDevice(record.interface);
    // `wg` repeats a key that it cannot read.
    const safe =
      result.kind === 'exited' && /Key is not the correct/.test(result.stderr)
        ? { ...result, stderr: 'a key was not accepted' }
        : result;
    return wgFailure(safe, {
      interfaceName: record.interface,
      verb: 'change',
      device,
      timeoutMs: options.timeoutMs,
    });
  } finally {
    if (secret !== null) closeSync(secret.fd);
  }
}

/** The arguments of `wg`. There is no secret among them. */
export function argumentsOf({ record, mode, allowedIps, withEndpoint }: PeerWrite): string[] {
  return [
    ...['set', record.interface],
    ...(mode === 'renew' ? ['peer', record.peer, 'remove'] : []),
    ...['peer', record.peer],
    ...(record.presharedKey === null ? [] : ['preshared-key', '/dev/stdin']),
    ...(withEndpoint ? ['endpoint', formatEndpoint(record.endpoint)] : []),
    ...['persistent-keepalive', String(record.persistentKeepaliveS)],
    ...(allowedIps.length === 0 ? [] : ['allowed-ips', allowedIps.join(',')]),
  ];
}

/** O_TMPFILE with O_DIRECTORY, which Node does not name. The first is the same on all the architectures of the generic ABI. */
const temporaryFileFlag = 0o20000000 | constants.O_DIRECTORY;

function openSecret(
  secret: Uint8Array,
  directory: string,
): { readonly kind: 'open'; readonly fd: number } | WgFailure {
  const memory = openMemoryFile('wg-reach');
  let fd: number | null = memory.kind === 'open' ? memory.fd : null;
  try {
    fd ??= openSync(directory, temporaryFileFlag | constants.O_RDWR, 0o600);
    for (let at = 0; at < secret.length; ) at += writeSync(fd, secret, at, secret.length - at, at);
    return { kind: 'open', fd };
  } catch (error) {
    if (fd !== null) closeSync(fd);
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', detail: `the preshared key cannot be handed to 'wg': ${reason}` };
  }
}
