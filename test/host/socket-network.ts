import { expect, vi } from 'vitest';
import { createNamespaces, type Namespaces } from './namespaces.ts';

// near: v0 10.9.0.1 and v1 10.9.1.1.  far: the other ends, .2, and these behind them on its loopback:
//   10.50.0.1, 2001:db8:50::1   routed only for packets with the mark
//   10.60.0.1, 2001:db8:60::1   routed by v0 to a next hop that is not there, and by v1 to far
/** The mark that has routes of its own. */
export const mark = 0x77;
/** Reached only with the mark. */
export const markedOnly = { 4: '10.50.0.1', 6: '2001:db8:50::1' } as const;
/** Reached only by the device v1. */
export const byDeviceOnly = { 4: '10.60.0.1', 6: '2001:db8:60::1' } as const;
/** Answers by the device v0. */
export const answering = { 4: '10.9.0.2', 6: '2001:db8:9::2' } as const;
/** On the link of v0, but nobody is there. */
export const silent = { 4: '10.9.0.99', 6: '2001:db8:9::99' } as const;
/** There is no route to it. */
export const noRoute = { 4: '198.51.100.1', 6: '2001:db8:ffff::1' } as const;
/** Address families under test. */
export const families = [4, 6] as const;

/** The namespaces above, and the link-local address of far's end of v0. */
export interface SocketNetwork extends Namespaces {
  readonly farLinkLocal: string;
}

/** Runs one command a line in a namespace. */
export function batch(net: Namespaces, namespace: string, lines: string): void {
  for (const line of lines.trim().split('\n')) net.run(namespace, ...line.trim().split(' '));
}

/** Builds the network and enters `near`. */
export async function createSocketNetwork(): Promise<SocketNetwork> {
  const net = createNamespaces();
  batch(
    net,
    net.near,
    `ip link set lo up
     ip link add v0 type veth peer name w0 netns ${net.far}
     ip link add v1 type veth peer name w1 netns ${net.far}`,
  );
  for (const [namespace, end, host] of [
    [net.near, 'v', 1],
    [net.far, 'w', 2],
  ] as const) {
    batch(
      net,
      namespace,
      `ip link set lo up
       ip link set ${end}0 up
       ip link set ${end}1 up
       ip addr add 10.9.0.${host}/24 dev ${end}0
       ip addr add 10.9.1.${host}/24 dev ${end}1
       ip addr add 2001:db8:9::${host}/64 dev ${end}0 nodad
       ip addr add 2001:db8:a::${host}/64 dev ${end}1 nodad`,
    );
  }
  batch(
    net,
    net.far,
    `ip addr add 10.50.0.1/32 dev lo
     ip addr add 10.60.0.1/32 dev lo
     ip addr add 2001:db8:50::1/128 dev lo
     ip addr add 2001:db8:60::1/128 dev lo`,
  );
  batch(
    net,
    net.near,
    `ip route add 10.50.0.0/24 via 10.9.0.2 table 77
     ip -6 route add 2001:db8:50::/64 via 2001:db8:9::2 table 77
     ip rule add fwmark ${mark} lookup 77
     ip -6 rule add fwmark ${mark} lookup 77
     ip route add 10.60.0.1 via 10.9.0.77 metric 10
     ip route add 10.60.0.1 via 10.9.1.2 metric 20
     ip -6 route add 2001:db8:60::1 via 2001:db8:9::77 metric 10
     ip -6 route add 2001:db8:60::1 via 2001:db8:a::2 metric 20
     ip route add blackhole 10.20.0.0/16
     ip route add unreachable 10.21.0.0/16
     ip route add prohibit 10.22.0.0/16
     ip -6 route add blackhole 2001:db8:20::/48
     ip -6 route add unreachable 2001:db8:21::/48
     ip -6 route add prohibit 2001:db8:22::/48
     ip neigh add 10.9.0.77 lladdr 02:00:00:00:00:77 dev v0
     ip neigh add 2001:db8:9::77 lladdr 02:00:00:00:00:77 dev v0
     ip neigh add 10.9.0.99 lladdr 02:00:00:00:00:99 dev v0
     ip neigh add 2001:db8:9::99 lladdr 02:00:00:00:00:99 dev v0`,
  );
  const farLinkLocal = await vi.waitFor(() => {
    const shown = net.run(
      net.far,
      'ip',
      '-6',
      '-o',
      'addr',
      'show',
      'dev',
      'w0',
      'scope',
      'link',
      '-tentative',
    );
    const address = /inet6 (fe80:[^/]+)/.exec(shown)?.[1];
    if (address === undefined) throw new Error('no link-local address yet');
    return address;
  }, 10_000);
  await vi.waitFor(() => {
    const shown = net.run(net.near, 'ip', '-6', '-o', 'addr', 'show', 'scope', 'link', '-tentative');
    expect(shown.match(/fe80/g)).toHaveLength(2);
  }, 10_000);
  net.enter(net.near);
  return { ...net, farLinkLocal };
}
