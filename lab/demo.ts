import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLab, describeMissing, type Lab } from './index.ts';

const program = fileURLToPath(new URL('../../bin/wg-reach', import.meta.url));
const name = 'vpn.example.test';
const pings = 5;

const missing = await describeMissing();
if (missing !== null) {
  console.error(missing);
  process.exit(1);
}
const lab = await createLab({ delayMs: 10 });
const directory = mkdtempSync(join(tmpdir(), 'wg-reach-demo-'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void lab.close().finally(() => process.exit(130)));
}
let cameBack = false;
try {
  cameBack = await show(lab);
} finally {
  await lab.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(cameBack ? 0 : 1);

/** Shows the whole story; returns whether the tunnel really came back. */
async function show(on: Lab): Promise<boolean> {
  await on.dns.set(name, { AAAA: [on.address('v6')], A: [on.address('v4')] });
  await on.connect();
  say(`A client, a router and a server, each in a network namespace: IPv4 and IPv6, a round trip of 20 ms,`);
  say(`real WireGuard on both ends (${on.implementation}). The server's name is ${name}:`);
  say(`${on.address('v6')} and ${on.address('v4')}.`);

  heading('Before: WireGuard chose IPv6, and the tunnel works');
  await sayEndpoint(on);
  const before = await sayPings(on);

  heading('IPv6 breaks somewhere on the way: the router now drops it in silence');
  await on.path.set({ family: 6, drop: true });
  const darkSinceMs = performance.now();
  const during = await sayPings(on);
  await sayEndpoint(on);
  say('WireGuard never tries the other address by itself. It would stay like this for ever.');

  heading('One run of wg-reach');
  const args = [
    '--interface',
    on.interface,
    '--peer',
    on.peerKey(),
    '--host',
    name,
    '--port',
    String(on.port),
  ];
  say(`$ wg-reach ${args.join(' ')}`);
  const startedMs = performance.now();
  const run = await on.client.exec(
    [program, ...args, '--state-dir', join(directory, 'state'), '--runtime-dir', join(directory, 'run')],
    { timeoutMs: 60_000 },
  );
  const endedMs = performance.now();
  process.stdout.write(run.stdout.replace(/^/gm, '  | ').replace(/ {2}\| $/, ''));
  process.stderr.write(run.stderr);
  say(`exit code ${run.code}, ${((endedMs - startedMs) / 1_000).toFixed(1)} s`);

  heading('After');
  await sayEndpoint(on);
  const after = await sayPings(on);
  const worked = before === pings && during === 0 && after === pings && run.code === 0;
  if (worked) say(`The tunnel is back, ${((endedMs - darkSinceMs) / 1_000).toFixed(1)} s after IPv6 broke.`);
  else
    say(
      `This is not what should have happened: ${before}, ${during} and ${after} of ${pings} pings were answered.`,
    );
  return worked;
}

async function sayEndpoint(on: Lab): Promise<void> {
  say(`$ wg show ${on.interface} endpoints`);
  say(`  ${await on.wg.endpoint()}`);
}

/** Pings through the tunnel; says and returns how many were answered. */
async function sayPings(on: Lab): Promise<number> {
  const target = on.innerAddress();
  const ping = ['ping', '-n', '-c', String(pings), '-i', '0.2', '-W', '1', target];
  say(`$ ${ping.join(' ')}`);
  const { stdout } = await on.client.exec(ping, { timeoutMs: 20_000 });
  const answered = Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
  const times = /= [\d.]+\/([\d.]+)/.exec(stdout)?.[1];
  say(`  ${answered} of ${pings} answered${times === undefined ? '' : `, ${times} ms on average`}`);
  return answered;
}

function heading(text: string): void {
  console.log(`\n== ${text}`);
}

function say(text: string): void {
  console.log(`  ${text}`);
}
