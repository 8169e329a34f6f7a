import { startPings, type Traffic } from '../../../sim/inner/traffic.ts';
import { createTunnel, endpointText, type Tunnel, tunnelAddresses, tunnelKeys } from '../../../sim/tunnel.ts';
import type { PeerSettings, PeerStatus } from '../../../sim/wireguard/device.ts';
import type { Implementation } from '../../../sim/wireguard/protocol.ts';
import { type LoggedPacket, logPackets, type PacketFilter } from '../packet-log.ts';

/** A tunnel on the bench, with the handles that the measurements use. */
export interface Bench extends Tunnel {
  readonly packets: (filter?: PacketFilter) => readonly LoggedPacket[];
  /** One ping from the client; answers are found by `pingAnswers`. */
  ping(options?: { readonly target?: string; readonly hopLimit?: number }): void;
  /** When each ping was answered. */
  readonly pingAnswersMs: readonly number[];
  /** One datagram to a port where nobody listens. */
  datagram(target?: string): void;
  pings(intervalMs: number): Traffic;
  /** What the client's `wg show` says. */
  status(): PeerStatus;
  /** What the server's `wg show` says of the client. */
  serverStatus(): PeerStatus;
  setEndpoint(address: string, more?: PeerSettings): void;
  /** Nothing passes between the client and that server address any more (default: its first); returns the cure. */
  cut(address?: string): () => void;
  /** A session that is there and quiet: one ping, and the keepalives it causes are over. */
  settle(): void;
  /** Lets time pass until it holds; how long that took, or Infinity after the limit. */
  until(holds: () => boolean, limitMs?: number): number;
}

/** The server's addresses in the order in which the measurements use them. */
export const [firstAddress, secondAddress, thirdAddress] = tunnelAddresses.server;

/** Builds it. Round trips are those of the machines that were measured: about 1 ms, or 4 ms with netem. */
export function createBench(
  seed: number,
  implementation: Implementation,
  options: {
    readonly delayMs?: number;
    readonly clientPeer?: PeerSettings;
    readonly serverPeer?: PeerSettings;
  } = {},
): Bench {
  const tunnel = createTunnel({
    seed,
    implementation,
    delayMs: options.delayMs ?? (implementation === 'kernel' ? 2 : 0.5),
    clientPeer: options.clientPeer ?? {},
    serverPeer: options.serverPeer ?? {},
  });
  const { clock, client, server, network } = tunnel;
  const pingAnswersMs: number[] = [];
  const { serverInner } = tunnelAddresses;
  // The moment within a second must not decide anything.
  clock.runFor(tunnel.random.split('phase').between(100, 1100));

  const bench: Bench = {
    ...tunnel,
    packets: logPackets(tunnel),
    pingAnswersMs,
    ping(ping = {}) {
      client.inner.send({
        kind: 'echo-request',
        target: ping.target ?? serverInner,
        ...(ping.hopLimit === undefined ? {} : { hopLimit: ping.hopLimit }),
        onAnswer: () => pingAnswersMs.push(clock.nowMs()),
      });
    },
    datagram(target = serverInner) {
      client.inner.send({ kind: 'closed-port', target, bytes: 29 });
    },
    pings: (intervalMs) => startPings(clock, client.inner, serverInner, intervalMs),
    status: () => found(client.device.show(tunnelKeys.server)),
    serverStatus: () => found(server.device.show(tunnelKeys.client)),
    setEndpoint(address, more = {}) {
      client.device.set(tunnelKeys.server, {
        ...more,
        endpoint: endpointText(address, tunnelAddresses.port),
      });
    },
    cut(address = firstAddress) {
      const cures = [
        network.addFault({ effect: 'drop', to: address, protocol: 'udp' }),
        network.addFault({ effect: 'drop', from: address, protocol: 'udp' }),
      ];
      return () => {
        for (const cure of cures) cure();
      };
    },
    settle() {
      bench.ping();
      clock.runFor(12_000);
    },
    until(holds, limitMs = 600_000) {
      const fromMs = clock.nowMs();
      while (!holds()) {
        if (clock.nowMs() - fromMs > limitMs || !clock.runNext()) return Number.POSITIVE_INFINITY;
      }
      return clock.nowMs() - fromMs;
    },
  };
  return bench;
}

function found(status: PeerStatus | null): PeerStatus {
  if (status === null) throw new Error('the peer is gone');
  return status;
}
