import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ProgramResult, runProgram } from '../src/host/program.ts';
import {
  createEchoSender,
  type EchoOptions,
  type EchoPath,
  type EchoResult,
  type EchoSender,
} from '../src/probe/echo.ts';
import { maxOutstandingEchoes } from '../src/probe/echo-socket.ts';
import { type CompiledSources, compileSources } from '../test/host/compiled-sources.ts';
import {
  answering,
  batch,
  byDeviceOnly,
  createSocketNetwork,
  families,
  mark,
  markedOnly,
  noRoute,
  type SocketNetwork,
  silent,
} from '../test/host/socket-network.ts';

let net: SocketNetwork;
let compiled: CompiledSources;
const senders: EchoSender[] = [];

beforeAll(async () => {
  net = await createSocketNetwork();
  compiled = await compileSources(['src/probe/echo.ts']);
}, 60_000);

afterAll(() => {
  net.remove();
  compiled.remove();
});

beforeEach(() => setPingRange('0 2147483647'));
afterEach(() => {
  vi.unstubAllEnvs();
  net.enter(net.near);
  for (const sender of senders.splice(0)) sender.close();
});

/** Of the namespace this thread is in. */
function setPingRange(range: string): void {
  writeFileSync('/proc/sys/net/ipv4/ping_group_range', range);
}

function createSender(path: EchoPath = {}): EchoSender {
  const sender = createEchoSender(path);
  senders.push(sender);
  return sender;
}

/** One echo with the time-out that the sender itself does not have. */
function echo(
  sender: EchoSender,
  address: string,
  timeoutMs = 3_000,
  options?: EchoOptions,
): Promise<EchoResult | 'silence'> {
  return new Promise((resolve) => {
    const handle = sender.send(
      address,
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      options,
    );
    const timer = setTimeout(() => {
      handle.cancel();
      resolve('silence');
    }, timeoutMs);
  });
}

/** The kernel's list is per thread. */
function childPids(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid.trim() !== ''),
  );
}

const ways = [
  {
    way: 'open ping_group_range',
    method: 'socket',
    range: '0 2147483647',
    off: '0',
    reason: null,
    late: 150,
  },
  {
    way: 'closed ping_group_range',
    method: 'ping-program',
    range: '1 0',
    off: '0',
    reason: 'ping_group_range',
    late: 151,
  },
  {
    way: 'WG_REACH_NO_NATIVE=1',
    method: 'ping-program',
    range: '0 2147483647',
    off: '1',
    reason: 'NO_NATIVE',
    late: 152,
  },
] as const;

describe.each(ways)('ICMP echo, $way', ({ method, range, off, reason, late }) => {
  beforeEach(() => {
    setPingRange(range);
    vi.stubEnv('WG_REACH_NO_NATIVE', off);
  });

  test(`is sent by ${method}, visibly`, () => {
    const sender = createSender();
    expect(sender.method).toBe(method);
    if (reason === null) expect(sender.reason).toBeNull();
    else expect(sender.reason).toContain(reason);
  });

  test.each(families)('IPv%i is answered, with any size of payload', async (family) => {
    const sender = createSender();
    for (const payloadBytes of [undefined, 0, 16, 1_200]) {
      const options = payloadBytes === undefined ? {} : { payloadBytes };
      const result = await echo(sender, answering[family], 3_000, options);
      expect(result).toMatchObject({ kind: 'answered' });
      if (result !== 'silence' && result.kind === 'answered') {
        expect(result.rttMs).toBeGreaterThan(0);
        expect(result.rttMs).toBeLessThan(1_000);
      }
    }
  });

  test.each(families)('IPv%i: only the mark makes the address reachable', async (family) => {
    expect(await echo(createSender({ mark }), markedOnly[family])).toMatchObject({ kind: 'answered' });
    expect(await echo(createSender(), markedOnly[family])).toMatchObject({ kind: 'unroutable' });
    expect(await echo(createSender({ mark: mark + 1 }), markedOnly[family])).toMatchObject({
      kind: 'unroutable',
    });
  });

  test.each(families)('IPv%i: only the device makes the address reachable', async (family) => {
    const address = byDeviceOnly[family];
    expect(await echo(createSender({ device: 'v1' }), address)).toMatchObject({ kind: 'answered' });
    expect(await echo(createSender(), address, 700)).toBe('silence');
    expect(await echo(createSender({ device: 'v0' }), address, 700)).toBe('silence');
  });

  test('a link-local address is answered by zone, and by device without one', async () => {
    expect(await echo(createSender(), `${net.farLinkLocal}%none`)).toMatchObject({ kind: 'unroutable' });
    expect(await echo(createSender(), `${net.farLinkLocal}%v0`)).toMatchObject({ kind: 'answered' });
    expect(await echo(createSender({ device: 'v0' }), net.farLinkLocal)).toMatchObject({ kind: 'answered' });
    expect(await echo(createSender(), `${net.farLinkLocal}%v1`, 700)).not.toMatchObject({ kind: 'answered' });
  });

  test.each(families)('IPv%i silence has no result, and what is late is still delivered', async (family) => {
    const sender = createSender();
    const results: EchoResult[] = [];
    sender.send(silent[family], (result) => results.push(result));
    await sleep(700);
    expect(results).toEqual([]);
    // An address that comes up later: the kernel repeats its neighbour discovery each second.
    const address = family === 4 ? `10.9.0.${late}` : `2001:db8:9::${late}`;
    sender.send(address, (result) => results.push(result));
    await sleep(600);
    const prefix = family === 4 ? 24 : 64;
    net.run(
      net.far,
      'ip',
      'addr',
      'add',
      `${address}/${prefix}`,
      'dev',
      'w0',
      ...(family === 6 ? ['nodad'] : []),
    );
    await vi.waitFor(() => expect(results).toHaveLength(1), 5_000);
    const slow = results.map((result) => result.kind === 'answered' && result.rttMs > 500);
    expect(slow, JSON.stringify(results)).toEqual([true]);
  });

  test.each(families)('IPv%i: what this host refuses is told at once', async (family) => {
    const sender = createSender();
    const route = (third: number) => (family === 4 ? `10.${third}.0.1` : `2001:db8:${third}::1`);
    expect(await echo(sender, noRoute[family])).toMatchObject({ kind: 'unroutable' });
    expect(await echo(sender, route(20))).toMatchObject({ kind: 'unroutable' });
    expect(await echo(sender, route(21))).toMatchObject({ kind: 'unroutable' });
    expect(await echo(sender, route(22))).toMatchObject({ kind: 'refused' });
    // And the sender goes on.
    expect(await echo(sender, answering[family])).toMatchObject({ kind: 'answered' });
  });

  test('a device that does not exist is unroutable, and fine once it does', async () => {
    const sender = createSender({ device: 'v9' });
    const makeDevice = () =>
      batch(
        net,
        net.near,
        `ip link add v9 type veth peer name w9 netns ${net.far}
         ip addr add 10.9.9.1/24 dev v9
         ip link set v9 up
         ip -n ${net.far} addr add 10.9.9.2/24 dev w9
         ip -n ${net.far} link set w9 up`,
      );
    expect(sender.method).toBe(method);
    expect(await echo(sender, '10.9.9.2')).toMatchObject({ kind: 'unroutable' });
    makeDevice();
    expect(await echo(sender, '10.9.9.2')).toMatchObject({ kind: 'answered' });
    net.run(net.near, 'ip', 'link', 'delete', 'v9');
    expect(await echo(sender, '10.9.9.2')).toMatchObject({ kind: 'unroutable' });
    makeDevice();
    expect(await echo(sender, '10.9.9.2')).toMatchObject({ kind: 'answered' });
    net.run(net.near, 'ip', 'link', 'delete', 'v9');
  });

  test('no result after cancel or close, none before send has returned, and no process stays', async () => {
    const before = childPids();
    const sender = createSender();
    const results: string[] = [];
    const note = (name: string) => () => void results.push(name);
    sender.send(answering[4], note('cancelled')).cancel();
    sender.send(noRoute[4], note('unroutable, cancelled')).cancel();
    sender.send('vpn.example', note('no address, cancelled')).cancel();
    sender.send('vpn.example', note('no address'));
    sender.send(silent[4], note('silent'));
    sender.send(answering[4], note('closed'));
    expect(results).toEqual([]);
    await Promise.resolve();
    sender.close();
    sender.send(answering[4], note('after close'));
    await sleep(500);
    expect(results).toEqual(['no address', 'after close']);
    await vi.waitFor(() => expect(childPids().filter((pid) => !before.includes(pid))).toEqual([]), 3_000);
  });

  test('a process that closed its sender ends', async () => {
    const started = performance.now();
    const result = await runCompiled(
      `const { createEchoSender } = await import(compiled('src/probe/echo.js'));
       const sender = createEchoSender();
       sender.send('${silent[4]}', () => {});
       sender.send('${silent[6]}', () => {});
       const kind = await new Promise((resolve) => sender.send('${answering[4]}', (result) => resolve(result.kind)));
       console.log(sender.method, kind);
       sender.close();`,
      { WG_REACH_NO_NATIVE: off },
    );
    expect(result).toMatchObject({ kind: 'exited', code: 0, stdout: `${method} answered\n`, stderr: '' });
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

/** Runs a module in the near namespace by plain node, or by a command that starts it. */
function runCompiled(code: string, env: Record<string, string>, ...before: string[]): Promise<ProgramResult> {
  const module = `const compiled = (path) => ${JSON.stringify(`${compiled.directory}/`)} + path;\n${code}`;
  const [file = '', ...args] = [...before, process.execPath, '--input-type=module', '--eval', module];
  return runProgram(file, args, { timeoutMs: 20_000, env });
}

describe('ICMP echo by socket only', () => {
  test('hundreds of echoes share one socket a family', async () => {
    const sender = createSender();
    await Promise.all(families.map((family) => echo(sender, answering[family])));
    const before = readdirSync('/proc/self/fd').length;
    const results = await Promise.all(
      Array.from({ length: 400 }, (_, index) => echo(sender, answering[index % 2 === 0 ? 4 : 6], 10_000)),
    );
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    expect(results.filter((result) => result !== 'silence' && result.kind === 'answered')).toHaveLength(400);
  });

  test('the number of echoes that wait is bounded, and cancelling makes room', async () => {
    const sender = createSender();
    const handles = Array.from({ length: maxOutstandingEchoes }, () => sender.send(silent[4], () => {}));
    expect(await echo(sender, answering[4])).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining(String(maxOutstandingEchoes)),
    });
    expect(await echo(sender, answering[6])).toMatchObject({ kind: 'answered' });
    handles[0]?.cancel();
    expect(await echo(sender, answering[4])).toMatchObject({ kind: 'answered' });
  });

  test('an answer from another address than the one asked is not an answer', async () => {
    const sender = createSender();
    // All nodes of the link answer this, each from its own address.
    expect(await echo(sender, 'ff02::1%v0', 700)).toBe('silence');
    expect(await echo(sender, `${net.farLinkLocal}%v0`)).toMatchObject({ kind: 'answered' });
  });
});

describe('ICMP echo where little is there', () => {
  test('no library and no ping program: unavailable, with what to install', async () => {
    vi.stubEnv('WG_REACH_NO_NATIVE', '1');
    vi.stubEnv('PATH', '/nonexistent');
    const sender = createSender();
    expect(sender.method).toBe('unavailable');
    expect(sender.reason).toContain('iputils-ping');
    expect(await echo(sender, answering[4])).toMatchObject({ kind: 'failed', detail: sender.reason });
  });

  test('without the right to set a mark nothing is answered by an unmarked echo', async () => {
    // nobody may enter the directory of the compiled files only if it is opened.
    net.run(net.near, 'chmod', '755', compiled.directory);
    const code = `
      const { createEchoSender } = await import(compiled('src/probe/echo.js'));
      for (const mark of [0, ${mark}]) {
        const sender = createEchoSender({ mark });
        const kind = await new Promise((resolve) => sender.send('${answering[4]}', (result) => resolve(result.kind)));
        console.log(sender.method, kind);
        sender.close();
      }`;
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const result = await runCompiled(code, {}, ...nobody);
    expect(result).toMatchObject({ stdout: 'socket answered\nping-program refused\n' });
  });
});
