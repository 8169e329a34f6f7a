import { describe, expect, it } from 'vitest';
import { createClock } from '../../sim/clock.ts';
import { createHostClock } from '../../sim/host-clock.ts';
import { createNat } from '../../sim/network/nat.ts';
import { createNetwork } from '../../sim/network.ts';
import { createRandom } from '../../sim/random.ts';

/** Two hosts, each with an address of both families. */
function twoHosts(seed = 1) {
  const clock = createClock();
  const random = createRandom(seed);
  const network = createNetwork({ clock, random });
  const add = (name: string, addresses: readonly string[]) => {
    const host = network.addHost(name, createHostClock(clock, { wallMs: 0 }));
    host.uplink('eth0', { addresses });
    return host;
  };
  const here = add('here', ['192.0.2.1', '2001:db8::1']);
  const there = add('there', ['198.51.100.1', '2001:db8::2']);
  const ping = (destination: string): number | string => {
    let rtt: number | null = null;
    const outcome = here.ping(destination, (rttMs) => {
      rtt = rttMs;
    });
    clock.runFor(10_000);
    return outcome === 'sent' ? (rtt ?? 'silence') : outcome;
  };
  return { clock, random, network, here, there, add, ping };
}

const udp = (destination: string, bytes = 100, mayFragment = false) => ({
  protocol: 'udp' as const,
  source: null,
  sourcePort: 1000,
  destination,
  destinationPort: 2000,
  payloadBytes: bytes,
  mayFragment,
  payload: { kind: 'echo-request' as const, id: 1 },
});

describe('the network', () => {
  it('carries an echo both ways, as long as the path takes', () => {
    const { network, ping } = twoHosts();
    network.setPath('192.0.2.1', '198.51.100.1', { delayMs: 30 });
    network.setPath('198.51.100.1', '192.0.2.1', { delayMs: 5 });
    expect(ping('198.51.100.1')).toBe(35);
    expect(ping('2001:db8::2')).toBe(20);
    expect(ping('203.0.113.99')).toBe('silence');
  });

  it('drops by family, direction, host and protocol, until the fault is lifted', () => {
    const { network, ping } = twoHosts();
    const lift = network.addFault({ effect: 'drop', from: 'there', family: 6 });
    expect(ping('2001:db8::2')).toBe('silence');
    expect(ping('198.51.100.1')).toBe(20);
    lift();
    expect(ping('2001:db8::2')).toBe(20);
    network.addFault({ effect: 'drop', protocol: 'udp' });
    expect(ping('198.51.100.1')).toBe(20);
    network.addFault({ effect: 'no-route', to: '198.51.100.1' });
    expect(ping('198.51.100.1')).toBe('no-route');
  });

  it('says that there is no route without an uplink of that family', () => {
    const { here, ping } = twoHosts();
    here.uplink('eth0', { addresses: ['192.0.2.1'] });
    expect(ping('2001:db8::2')).toBe('no-route');
    here.uplink('eth0', { up: false });
    expect(ping('198.51.100.1')).toBe('no-route');
  });

  it('does not let the address of one uplink out through another', () => {
    const { clock, network, here, there } = twoHosts();
    let got = 0;
    there.bind(2000, () => got++);
    here.uplink('eth1', { addresses: ['203.0.113.1'], metric: 10 });
    here.send({ ...udp('198.51.100.1'), source: '192.0.2.1' });
    clock.runFor(1_000);
    expect(got).toBe(0);
    expect(network.counts().blocked).toBe(1);
    here.send(udp('198.51.100.1'));
    clock.runFor(1_000);
    expect(got).toBe(1);
    expect(here.send({ ...udp('198.51.100.1'), source: '192.0.2.77' })).toBe('bad-source');
  });

  it('loses about as many as told, and whole bursts', () => {
    const { clock, network, here, there } = twoHosts(5);
    const arrivalsMs: number[] = [];
    there.bind(2000, () => arrivalsMs.push(clock.nowMs()));
    const send = (count: number): number => {
      arrivalsMs.length = 0;
      for (let index = 0; index < count; index++) {
        here.send(udp('198.51.100.1'));
        clock.runFor(100);
      }
      return count - arrivalsMs.length;
    };
    network.setPath('*', '*', { lossRate: 0.02 });
    const lost = send(10_000);
    expect(lost).toBeGreaterThan(140);
    expect(lost).toBeLessThan(260);
    const burst = { goodMs: 60_000, badMs: 1_000, badMaxMs: 2_000, goodLoss: 0, badLoss: 1 };
    network.setPath('*', '*', { lossRate: 0, burst });
    expect(send(10_000)).toBeGreaterThan(20);
    const gaps = arrivalsMs.slice(1).map((atMs, index) => atMs - (arrivalsMs[index] ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThan(500);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2_200);
  });

  it('keeps the order of packets on a path with jitter', () => {
    const { clock, network, here, there } = twoHosts();
    network.setPath('*', '*', { jitterMs: 300, peak: { rate: 0.1, maxMs: 5_000 } });
    const ports: number[] = [];
    there.bind(2000, (datagram) => ports.push(datagram.sourcePort));
    for (let port = 1; port <= 200; port++) {
      here.send({ ...udp('198.51.100.1'), sourcePort: port });
      clock.runFor(10);
    }
    clock.runFor(10_000);
    expect(ports).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it('swallows what is too big, unless it may be cut and fragments pass', () => {
    const { clock, network, here, there } = twoHosts();
    let got = 0;
    there.bind(2000, () => got++);
    network.setPath('*', '*', { mtuBytes: 1_300 });
    here.send(udp('198.51.100.1', 1_272));
    here.send(udp('198.51.100.1', 1_273));
    here.send(udp('198.51.100.1', 1_400, true));
    here.send(udp('2001:db8::2', 1_400, true));
    clock.runFor(1_000);
    expect(got).toBe(2);
    network.setPath('*', '*', { passesFragments: false });
    here.send(udp('198.51.100.1', 1_400, true));
    clock.runFor(1_000);
    expect(network.counts()['too-big']).toBe(3);
  });

  it('refuses a port where nobody listens, if the host is that kind', () => {
    const { clock, here, there } = twoHosts();
    const refused: string[] = [];
    here.bind(1000, ({ payload }) => {
      if (payload.kind === 'port-unreachable') refused.push(`${payload.address} ${payload.port}`);
    });
    here.send(udp('198.51.100.1'));
    clock.runFor(1_000);
    there.setRefuses(false);
    here.send(udp('198.51.100.1'));
    clock.runFor(1_000);
    expect(refused).toEqual(['198.51.100.1 2000']);
  });

  it('delivers nothing to a host that sleeps', () => {
    const { clock, there, ping } = twoHosts();
    there.clock.suspend(5_000);
    expect(ping('198.51.100.1')).toBe('silence');
    clock.runFor(5_000);
    expect(ping('198.51.100.1')).toBe(20);
  });
});

describe('a NAT', () => {
  function behindNat(idleMs = 30_000) {
    const world = twoHosts();
    const nat = createNat({ publicAddress: '203.0.113.5', idleMs, random: world.random });
    const inside = world.add('inside', ['10.0.0.2']);
    inside.uplink('eth0', { nat });
    const from: string[] = [];
    const back: string[] = [];
    world.there.bind(2000, (datagram) => from.push(`${datagram.source} ${datagram.sourcePort}`));
    inside.bind(1000, (datagram) => back.push(datagram.destination));
    const answer = (): void => {
      const [address = '', port = '0'] = (from.at(-1) ?? '').split(' ');
      world.there.send({ ...udp(address), sourcePort: 2000, destinationPort: Number(port) });
      world.clock.runFor(100);
    };
    const send = (): void => {
      inside.send(udp('198.51.100.1'));
      world.clock.runFor(100);
    };
    return { ...world, nat, inside, from, back, send, answer };
  }

  it('shows its own address, lets answers in and strangers not', () => {
    const { clock, here, from, back, send, answer } = behindNat();
    send();
    expect(from[0]).toMatch(/^203\.0\.113\.5 /);
    answer();
    expect(back).toEqual(['10.0.0.2']);
    const port = Number(from[0]?.split(' ')[1]);
    here.send({ ...udp('203.0.113.5'), sourcePort: 2000, destinationPort: port });
    clock.runFor(100);
    expect(back).toHaveLength(1);
  });

  it('keeps a port while it is used, and takes another after a rebinding or a long silence', () => {
    const { clock, nat, from, back, send, answer } = behindNat();
    send();
    send();
    expect(from[1]).toBe(from[0]);
    nat.rebind();
    answer();
    expect(back).toEqual([]);
    send();
    expect(from[2]).not.toBe(from[0]);
    clock.runFor(40_000);
    answer();
    expect(back).toEqual([]);
    send();
    expect(from[3]).not.toBe(from[2]);
  });
});
