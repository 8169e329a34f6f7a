import type { Host } from '../../../sim/network/host.ts';
import { tunnelAddresses, tunnelKeys } from '../../../sim/tunnel.ts';
import { type Message, messageBytes, timestampStepMs } from '../../../sim/wireguard/message.ts';

/** A handshake probe from a socket of its own. */
export interface Probe {
  /** Sends an initiation with that key; `confirm`: use the new session at once, as a careless probe does. */
  send(address: string, initiatorKey: string, confirm: boolean): void;
  /** How many responses came. */
  responses(): number;
}

/** Opens the socket. */
export function probeFrom(host: Host, port: number): Probe {
  let responses = 0;
  let confirming = false;
  const transmit = (address: string, payload: Message, payloadBytes: number): void => {
    host.send({
      protocol: 'udp',
      source: null,
      sourcePort: port,
      destination: address,
      destinationPort: tunnelAddresses.port,
      payloadBytes,
      mayFragment: false,
      payload,
    });
  };
  host.bind(port, ({ payload, source }) => {
    if (payload.kind !== 'response') return;
    responses++;
    if (!confirming) return;
    const { session } = payload;
    transmit(source ?? '', { kind: 'data', session, counter: 0, inner: null }, messageBytes.keepalive);
  });
  return {
    send(address, initiatorKey, confirm) {
      confirming = confirm;
      transmit(
        address,
        {
          kind: 'initiation',
          responderKey: tunnelKeys.server,
          initiatorKey,
          ephemeral: { id: 1 },
          timestamp: Math.floor(host.clock.wallMs() / timestampStepMs),
        },
        messageBytes.initiation,
      );
    },
    responses: () => responses,
  };
}
