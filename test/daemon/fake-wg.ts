import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** What the fake knows of one peer. */
export interface FakeWgPeer {
  readonly endpoint?: string;
  readonly rxBytes?: number;
  readonly txBytes?: number;
  readonly latestHandshakeS?: number;
}

/**
 * A `wg` in front of all others that takes the loopback device for a WireGuard interface. `wg set` takes effect for one
 * peer; nothing is sent.
 */
export interface FakeWg {
  /** Files of the test may be put here, too. */
  readonly directory: string;
  /** The peers of the interface, by public key. */
  peers(peers: Readonly<Record<string, FakeWgPeer>>): void;
  /** There is no such interface any more. */
  removeInterface(): void;
  /** `denied`: it lists its interfaces, and lets nobody look at one. */
  trouble(how: 'none' | 'fails' | 'denied' | 'hangs'): void;
  /** Every call so far, its arguments in one line. */
  calls(): string[];
  endpoints(): string;
  remove(): void;
}

/** The interface that it has. */
export const fakeInterface = 'lo';

/** Puts one in front, until it is removed. */
export function createFakeWg(): FakeWg {
  const directory = mkdtempSync(join(tmpdir(), 'wg-reach-fake-wg-'));
  const answers = join(directory, 'answers');
  const answer = (name: string, text: string) => writeFileSync(join(answers, name), text);
  mkdirSync(answers);
  mkdirSync(join(directory, 'bin'));
  const lines = [
    '#!/bin/sh',
    `echo "$*" >> ${directory}/calls`,
    `if [ -e ${directory}/hangs ]; then exec /bin/sleep 20; fi`,
    `if [ -e ${directory}/fails ]; then echo "Unable to access interface: Device or resource busy" >&2; exit 1; fi`,
    `if [ -e ${directory}/denied ] && [ "$2" != interfaces ]; then echo "Unable to access interface: Operation not permitted" >&2; exit 1; fi`,
    `if [ "$1" = set ]; then printf '%s\\t%s\\n' "$4" "$6" > ${answers}/$2.endpoints; exit; fi`,
    `if [ ! -e ${answers}/$2\${3:+.$3} ]; then echo "Unable to access interface: No such device" >&2; exit 1; fi`,
    `exec /bin/cat ${answers}/$2\${3:+.$3}`,
  ];
  writeFileSync(join(directory, 'bin', 'wg'), `${lines.join('\n')}\n`);
  chmodSync(join(directory, 'bin', 'wg'), 0o755);
  vi.stubEnv('PATH', `${join(directory, 'bin')}:${process.env.PATH}`);
  const fake: FakeWg = {
    directory,
    peers(peers) {
      const table = (row: (peer: FakeWgPeer) => string) =>
        Object.entries(peers)
          .map(([key, peer]) => `${key}\t${row(peer)}\n`)
          .join('');
      answer('interfaces', `${fakeInterface}\n`);
      answer(`${fakeInterface}.fwmark`, 'off\n');
      answer(`${fakeInterface}.listen-port`, '51820\n');
      answer(
        `${fakeInterface}.allowed-ips`,
        table(() => '192.0.2.1/32'),
      );
      answer(
        `${fakeInterface}.persistent-keepalive`,
        table(() => '25'),
      );
      answer(
        `${fakeInterface}.endpoints`,
        table(({ endpoint }) => endpoint ?? '(none)'),
      );
      answer(
        `${fakeInterface}.transfer`,
        table(({ rxBytes = 0, txBytes = 0 }) => `${rxBytes}\t${txBytes}`),
      );
      answer(
        `${fakeInterface}.latest-handshakes`,
        table(({ latestHandshakeS = 0 }) => String(latestHandshakeS)),
      );
    },
    removeInterface() {
      rmSync(answers, { recursive: true });
      mkdirSync(answers);
      answer('interfaces', '\n');
    },
    trouble(how) {
      for (const flag of ['fails', 'denied', 'hangs']) rmSync(join(directory, flag), { force: true });
      if (how !== 'none') writeFileSync(join(directory, how), '');
    },
    calls: () =>
      existsSync(join(directory, 'calls'))
        ? readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n')
        : [],
    endpoints: () => readFileSync(join(answers, `${fakeInterface}.endpoints`), 'utf8'),
    remove() {
      vi.unstubAllEnvs();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  fake.peers({});
  return fake;
}
