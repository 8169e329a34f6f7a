import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../src/host/program.ts';
import { createWireGuardNamespace, type WireGuardNamespace } from './wireguard-namespace.ts';

const timeoutMs = 10_000;
let namespace: WireGuardNamespace;

describe('resolveSystem against a real DNS server', () => {
  const resolve = (name: string, limitMs: number) =>
    namespace.call('resolve/system.js', 'resolveSystem', [name, { timeoutMs: limitMs }]);

  beforeAll(async () => {
    namespace = await createWireGuardNamespace();
    mkdirSync(`/etc/netns/${namespace.name}`, { recursive: true });
    writeFileSync(`/etc/netns/${namespace.name}/resolv.conf`, 'nameserver 127.0.0.53\n');
    // getent leaves out families of which the host has only loopback addresses.
    await namespace.run('ip', 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'net1');
    for (const device of ['net0', 'net1']) await namespace.run('ip', 'link', 'set', device, 'up');
    await namespace.run('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'net0');
    await namespace.run('ip', 'addr', 'add', '2001:db8:9::1/64', 'dev', 'net0', 'nodad');
    namespace.start(
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--user=root',
      '--pid-file=',
      '--listen-address=127.0.0.53',
      '--bind-interfaces',
      '--local=/example.test/',
      '--host-record=dual.example.test,203.0.113.1,2001:db8::1',
      '--host-record=four.example.test,203.0.113.4',
      '--host-record=six.example.test,2001:db8::6',
      '--server=/dead.test/192.0.2.77',
    );
    for (
      let tries = 0;
      !JSON.stringify(await resolve('dual.example.test', 2000)).includes('203.0.113.1');
      tries += 1
    ) {
      if (tries > 50) throw new Error('dnsmasq does not answer');
      await sleep(100);
    }
    return () => namespace.close();
  });

  it.each([
    ['dual.example.test', ['203.0.113.1'], ['2001:db8::1']],
    ['four.example.test', ['203.0.113.4'], null],
    ['six.example.test', null, ['2001:db8::6']],
    ['none.example.test', null, null],
  ])('answers for %s', async (name, v4, v6) => {
    const expected = (addresses: string[] | null) =>
      addresses === null ? { kind: 'no-address' } : { kind: 'addresses', addresses, droppedCount: 0 };
    expect(await resolve(name, 10_000)).toMatchObject([
      { family: 4, ...expected(v4) },
      { family: 6, ...expected(v6) },
    ]);
  });

  it('gives up a dead server at the time-out, and the process ends with it', async () => {
    const startedMs = performance.now();
    expect(await resolve('name.dead.test', 1000)).toMatchObject([
      { kind: 'timed-out' },
      { kind: 'timed-out' },
    ]);
    // The resolver itself would take 6 to 20 s.
    expect(performance.now() - startedMs).toBeLessThan(4500);
    await sleep(50);
    const left = await namespace.run('ip', 'netns', 'pids', namespace.name).catch(() => '');
    for (const pid of left.split('\n').filter((line) => line !== '')) {
      const comm = await runProgram('cat', [`/proc/${pid}/comm`], { timeoutMs });
      expect(comm.kind === 'exited' && comm.stdout.trim()).not.toBe('getent');
    }
  });
});
