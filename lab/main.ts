/** The command `npm run lab`: builds a lab, says how to use it, and removes it at the end. */
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { consoleHelp, createConsole } from './console.ts';
import type { Lab } from './lab.ts';
import { createLab } from './lab.ts';
import { maxPeers } from './plan.ts';
import { describeMissing } from './requirements.ts';

const hostName = 'vpn.example.test';
const wrongHosts = ['198.51.100.66', '2001:db8:66::66'];

interface Flags {
  readonly delay: number;
  readonly jitter: number;
  readonly peers: number;
  readonly uplinks: number;
  readonly fullTunnel?: true;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number was expected.');
  return value;
}

function oneOrTwo(text: string): number {
  if (text !== '1' && text !== '2') throw new InvalidArgumentError('1 or 2 was expected.');
  return Number(text);
}

function peerCount(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > maxPeers) throw new InvalidArgumentError(`1 to ${maxPeers} was expected.`);
  return count;
}

function introduction(lab: Lab): string {
  const run = `ip netns exec ${lab.client.name}`;
  return `
A WireGuard client (${lab.interface}, ${lab.implementation}) and its server, with a router between.

  client  ip netns exec ${lab.client.name} bash
  router  ip netns exec ${lab.router.name} bash    (DNS server, path faults)
  server  ip netns exec ${lab.server().name} bash
  others  ip netns exec ${lab.world.name} bash    (answer pings at ${wrongHosts.join(' and ')}, but are not the peer)

Try, as root in another terminal:
  ${run} wg show ${lab.interface}
  ${run} ping ${lab.innerAddress()}
  ${run} getent ahosts ${hostName}
  ${run} ${process.argv0} bin/wg-reach --interface ${lab.interface} --peer ${lab.peerKey()} --host ${hostName} --port ${lab.port} --dryrun

Here:
${consoleHelp}
Ctrl-C ends and removes everything.
`;
}

async function serve(lab: Lab): Promise<void> {
  const [v6, v4] = [lab.address('v6'), lab.address('v4')];
  await lab.dns.set(hostName, { AAAA: [v6], A: [v4] });
  lab.writeConfig({ endpointName: hostName });
  await lab.connect();
  console.log(introduction(lab));
  const prompt = createConsole(lab);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    // Without a terminal the input may be closed from the start; then only a signal ends the lab.
    setInterval(() => undefined, 60_000);
    const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'lab> ' });
    lines.on('SIGINT', resolve);
    lines.on('line', async (line) => {
      const answer = await prompt.obey(line);
      if (answer === null) return resolve();
      if (answer !== '') console.log(answer);
      lines.prompt();
      return undefined;
    });
    if (process.stdin.isTTY) lines.prompt();
  });
}

async function run(flags: Flags): Promise<number> {
  const missing = await describeMissing();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  const lab = await createLab({
    delayMs: flags.delay,
    jitterMs: flags.jitter,
    peers: flags.peers,
    uplinks: flags.uplinks === 2 ? 2 : 1,
    fullTunnel: flags.fullTunnel ?? false,
    wrongHosts,
  });
  try {
    await serve(lab);
  } finally {
    await lab.close();
    console.log('The lab is removed.');
  }
  return 0;
}

const command = new Command('lab')
  .description('Builds a WireGuard client and server in network namespaces, and waits. Needs root.')
  .option('--delay <ms>', 'delay of the path, one way', wholeNumber, 10)
  .option('--jitter <ms>', 'the delay varies by up to this much', wholeNumber, 0)
  .option('--peers <count>', "WireGuard peers on the client's interface", peerCount, 1)
  .option('--uplinks <count>', 'uplinks of the client, 1 or 2', oneOrTwo, 1)
  .option('--full-tunnel', 'everything goes through the tunnel, with the rules of wg-quick')
  .action(async (flags: Flags) => {
    process.exit(await run(flags));
  });

try {
  await command.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
