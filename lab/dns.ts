import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Daemon } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import type { Namespace } from './namespace.ts';
import { registryDirectory } from './registry.ts';
import { waitFor } from './wait.ts';

/** The addresses of a name. A name with one kind only has "no data" of the other, not "no such name". */
export interface DnsRecords {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
}

/** The lab's DNS server, a real dnsmasq on the router. Names that are not set do not exist (NXDOMAIN). */
export interface LabDns {
  /** Replaces all records of a name; resolves when the server answers with the new ones. */
  set(name: string, records: DnsRecords): Promise<void>;
  /** The name no longer exists. */
  remove(name: string): Promise<void>;
  /** The server is gone: look-ups are refused at once by the router (port unreachable). */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Look-ups reach the server this much later; the answers come back at once. */
  delay(delayMs: number): Promise<void>;
  /** Look-ups get no answer at all until `delay` is called. */
  silence(): Promise<void>;
}

/** Starts the server. `ttlS` is the time to live of all its answers. */
export async function startDns(
  router: Namespace,
  options: {
    readonly lab: string;
    readonly ttlS: number;
    readonly setDelay: (delayMs: number | null) => Promise<void>;
  },
): Promise<LabDns> {
  const directory = `${registryDirectory}/${options.lab}/dns`;
  const hostsFile = `${directory}/hosts`;
  const names = new Map<string, DnsRecords>();
  let daemon: Daemon | null = null;
  // How often the server has said that it read the file.
  let reads = 0;
  // One change after another: each is confirmed by a line that the server writes once per reload.
  let changes: Promise<void> = Promise.resolve();

  function write(): void {
    const lines = [...names].flatMap(([name, { A = [], AAAA = [] }]) =>
      [...A, ...AAAA].map((address) => `${address} ${name}\n`),
    );
    writeFileSync(`${hostsFile}.new`, lines.join(''));
    renameSync(`${hostsFile}.new`, hostsFile);
  }

  async function loaded(server: Daemon, before: number): Promise<void> {
    await waitFor('dnsmasq reads its records', () => {
      const ended = server.ended();
      if (ended !== null) throw new Error(ended);
      return reads > before;
    });
  }

  async function start(): Promise<void> {
    if (daemon !== null) return;
    daemon = startDaemon(router, [
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--user=root',
      '--pid-file=',
      '--log-facility=-',
      '--no-resolv',
      '--no-hosts',
      '--local=/#/',
      '--cache-size=0',
      `--local-ttl=${options.ttlS}`,
      `--addn-hosts=${hostsFile}`,
    ]);
    createInterface(daemon.child.stderr).on('line', (line) => {
      if (line.includes(`read ${hostsFile} `)) reads += 1;
    });
    await loaded(daemon, reads);
  }

  async function apply(change: () => void): Promise<void> {
    change();
    write();
    if (daemon === null) return;
    const before = reads;
    daemon.child.kill('SIGHUP');
    await loaded(daemon, before);
  }

  function queued(step: () => Promise<void>): Promise<void> {
    const result = changes.then(step);
    changes = result.catch(() => undefined);
    return result;
  }

  mkdirSync(directory, { recursive: true });
  write();
  await start();
  return {
    set: (name, records) => queued(() => apply(() => names.set(name, records))),
    remove: (name) => queued(() => apply(() => names.delete(name))),
    start: () => queued(start),
    stop: () =>
      queued(async () => {
        await daemon?.stop();
        daemon = null;
      }),
    delay: (delayMs) => options.setDelay(delayMs),
    silence: () => options.setDelay(null),
  };
}
