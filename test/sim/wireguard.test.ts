import { describe, expect, it } from 'vitest';
import { startBulk } from '../../sim/inner/traffic.ts';
import { createTunnel, endpointText, tunnelAddresses, tunnelKeys } from '../../sim/tunnel.ts';
import { createDevice } from '../../sim/wireguard/device.ts';
import { createBench, firstAddress, secondAddress } from './calibration/bench.ts';

const port = tunnelAddresses.port;

describe.each(['kernel', 'wireguard-go'] as const)('a device of %s', (implementation) => {
  it('keeps what is sent without a session, at most 128 packets, and sends it after the handshake', () => {
    const bench = createBench(1, implementation);
    const cure = bench.cut();
    for (let index = 0; index < 200; index++) bench.ping();
    bench.clock.runFor(1_000);
    cure();
    bench.clock.runFor(6_000);
    expect(bench.pingAnswersMs).toHaveLength(128);
  });

  it('carries on under traffic for an hour: rekeys each two minutes, no packet lost', () => {
    const bench = createBench(2, implementation);
    const traffic = bench.pings(1_000);
    bench.clock.runFor(3_600_000);
    traffic.stop();
    bench.clock.runFor(1_000);
    expect(traffic.answered()).toBe(traffic.sent());
    const rekeys = bench.packets({ kind: 'response' }).length;
    expect(rekeys).toBeGreaterThanOrEqual(28);
    expect(rekeys).toBeLessThanOrEqual(31);
  });

  it('goes on with one of two handshakes that cross each other', () => {
    const bench = createBench(3, implementation);
    bench.server.device.set(tunnelKeys.client, { endpoint: endpointText('192.0.2.1', port) });
    bench.ping();
    bench.server.inner.send({ kind: 'one-way', target: tunnelAddresses.clientInner });
    expect(bench.packets({ kind: 'initiation' })).toHaveLength(2);
    bench.until(() => bench.pingAnswersMs.length > 0, 30_000);
    expect(bench.pingAnswersMs).toHaveLength(1);
  });

  it('follows a peer whose address changes, with the next packet', () => {
    const bench = createBench(4, implementation);
    bench.settle();
    bench.client.host.uplink('eth0', { addresses: ['192.0.2.44'] });
    bench.ping();
    bench.clock.runFor(100);
    expect(bench.pingAnswersMs).toHaveLength(2);
    expect(bench.serverStatus().endpoint).toBe(`192.0.2.44:${port}`);
  });

  it('creates a peer that is set and not there, as wg does', () => {
    const bench = createBench(5, implementation);
    bench.client.device.remove(tunnelKeys.server);
    expect(bench.client.device.show(tunnelKeys.server)).toBeNull();
    bench.setEndpoint(firstAddress);
    expect(bench.status()).toMatchObject({ rxBytes: 0, txBytes: 0, latestHandshakeS: 0, allowedIps: [] });
    bench.ping();
    expect(bench.packets()).toHaveLength(0);
  });

  it('gets no answer with a wrong preshared key, though the peer answers the handshake', () => {
    const bench = createBench(6, implementation, { clientPeer: { presharedKey: 'wrong' } });
    bench.ping();
    bench.clock.runFor(1_000);
    expect(bench.packets({ kind: 'response' })).toHaveLength(1);
    expect(bench.status().rxBytes).toBe(0);
    expect(bench.pingAnswersMs).toEqual([]);
  });

  it('refuses initiations whose time is not later than the last, until the clock has caught up', () => {
    const bench = createBench(7, implementation);
    bench.settle();
    bench.client.host.clock.stepWall(-60_000);
    bench.client.device.reset(tunnelKeys.server, {
      allowedIps: [`${tunnelAddresses.serverInner}/32`],
      endpoint: endpointText(firstAddress, port),
    });
    bench.ping();
    // The last handshake was 12 s ago, and it tries each 5 s.
    const refusedMs = bench.until(() => bench.pingAnswersMs.length > 1, 200_000);
    expect(refusedMs).toBeGreaterThan(47_000);
    expect(refusedMs).toBeLessThan(54_000);
  });

  it('has separate sessions with two servers of the same key', () => {
    const bench = createBench(8, implementation);
    bench.settle();
    const twinHost = bench.addHost('twin', ['203.0.113.9']);
    const twin = createDevice({
      host: twinHost,
      random: bench.random,
      publicKey: tunnelKeys.server,
      listenPort: port,
      implementation,
      peers: { [tunnelKeys.client]: { allowedIps: ['10.77.0.1/32'] } },
    });
    bench.setEndpoint('203.0.113.9');
    bench.ping();
    bench.clock.runFor(10_000);
    expect(twin.show(tunnelKeys.client)).toMatchObject({ rxBytes: 0, endpoint: null });
    // The session there is dead; the rule of 15 s makes a new one.
    bench.clock.runFor(7_000);
    expect(twin.show(tunnelKeys.client)?.endpoint).toBe(`192.0.2.1:${port}`);
    expect(bench.serverStatus().rxBytes).toBeGreaterThan(0);
  });

  it('sends nothing while its interface is down, and begins anew when it is up', () => {
    const bench = createBench(9, implementation, { clientPeer: { persistentKeepaliveS: 5 } });
    bench.settle();
    bench.client.device.setUp(false);
    const sinceMs = bench.clock.nowMs();
    bench.ping();
    bench.clock.runFor(30_000);
    expect(bench.packets({ from: 'client', sinceMs })).toHaveLength(0);
    bench.client.device.setUp(true);
    expect(bench.packets({ from: 'client', sinceMs }).map((packet) => packet.kind)).toEqual(['initiation']);
  });

  it('counts no byte that its own host refused to send', () => {
    const bench = createBench(10, implementation);
    bench.settle();
    const lift = bench.network.addFault({ effect: 'no-route', to: firstAddress });
    const before = bench.status().txBytes;
    bench.ping();
    bench.clock.runFor(1_000);
    expect(bench.status().txBytes).toBe(before);
    lift();
    bench.ping();
    expect(bench.status().txBytes).toBeGreaterThan(before);
  });

  it('is answered from the address at which it reached the server', () => {
    const bench = createBench(11, implementation);
    bench.setEndpoint(secondAddress);
    bench.ping();
    bench.clock.runFor(1_000);
    expect(bench.status().endpoint).toBe(endpointText(secondAddress, port));
    expect(bench.pingAnswersMs).toHaveLength(1);
  });
});

describe('a device with two peers', () => {
  it('sends by the longest prefix, and the trouble of one is not the other’s', () => {
    const bench = createBench(16, 'kernel', { clientPeer: { allowedIps: ['10.0.0.0/8'] } });
    const other = createDevice({
      host: bench.addHost('other', ['203.0.113.7']),
      random: bench.random,
      publicKey: 'other-key',
      listenPort: port,
      implementation: 'kernel',
      peers: { [tunnelKeys.client]: { allowedIps: ['10.77.0.1/32'] } },
    });
    bench.client.device.set('other-key', {
      allowedIps: ['10.99.0.0/16'],
      endpoint: endpointText('203.0.113.7', port),
    });
    bench.cut();
    bench.client.inner.send({ kind: 'one-way', target: '10.99.0.1' });
    bench.ping();
    bench.clock.runFor(30_000);
    expect(bench.status()).toMatchObject({ rxBytes: 0, latestHandshakeS: 0 });
    expect(other.show(tunnelKeys.client)?.rxBytes).toBe(148 + 128);
    // Its response, and the keepalive that our data packet forced.
    expect(bench.client.device.show('other-key')?.rxBytes).toBe(92 + 32);
  });
});

describe('what the implementations do differently', () => {
  it('the kernel forgets its keys in a sleep, wireguard-go does not', () => {
    const initiations = (implementation: 'kernel' | 'wireguard-go'): number => {
      const bench = createBench(12, implementation);
      bench.settle();
      bench.client.host.clock.suspend(10_000);
      bench.clock.runFor(11_000);
      const sinceMs = bench.clock.nowMs();
      bench.ping();
      return bench.packets({ from: 'client', kind: 'initiation', sinceMs }).length;
    };
    expect(initiations('kernel')).toBe(1);
    expect(initiations('wireguard-go')).toBe(0);
  });

  it('full packets pass a narrow IPv4 path from the kernel, in fragments, and not from wireguard-go', () => {
    const answered = (implementation: 'kernel' | 'wireguard-go'): number => {
      const tunnel = createTunnel({ seed: 13, implementation });
      tunnel.network.setPath('*', '*', { mtuBytes: 1_300 });
      const target = tunnelAddresses.serverInner;
      const bulk = startBulk(tunnel.clock, tunnel.client.inner, target, 100_000);
      tunnel.clock.runFor(5_000);
      return bulk.answered();
    };
    expect(answered('kernel')).toBeGreaterThan(300);
    expect(answered('wireguard-go')).toBe(0);
  });
});

describe('the inner side', () => {
  it('marks what it answered itself as local, and sends nothing', () => {
    const { clock, client, network } = createTunnel({ seed: 14 });
    const local: boolean[] = [];
    const target = tunnelAddresses.clientInner;
    const outcome = client.inner.send({
      kind: 'echo-request',
      target,
      onAnswer: (answer) => local.push(answer.local),
    });
    clock.runFor(1_000);
    expect(outcome).toBe('local');
    expect(local).toEqual([true]);
    expect(network.counts().sent).toBe(0);
  });

  it('answers for what is behind it, or keeps silent, or sends an error, with that delay', () => {
    const { clock, client, server } = createTunnel({
      seed: 15,
      clientPeer: { allowedIps: ['10.77.0.0/24', '10.88.0.0/24'] },
    });
    const ask = (target: string): string => {
      let answer = 'silence';
      const onAnswer = (got: { packet: { kind: string }; rttMs: number }): void => {
        answer = `${got.packet.kind} ${Math.round(got.rttMs)}`;
      };
      client.inner.send({ kind: 'echo-request', target, onAnswer });
      clock.runFor(5_000);
      return answer;
    };
    server.inner.setTarget('10.88.0.1', 'answers', 40);
    server.inner.setTarget('10.88.0.2', 'error-inside', 3_000);
    server.inner.setTarget('10.88.0.3', 'silent');
    ask(tunnelAddresses.serverInner);
    expect(ask('10.88.0.1')).toBe('echo-reply 60');
    expect(ask('10.88.0.2')).toBe('icmp-error 3020');
    expect(ask('10.88.0.3')).toBe('silence');
    server.inner.setDropsEverything(true);
    expect(ask('10.88.0.1')).toBe('silence');
  });
});
