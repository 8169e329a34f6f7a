import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, type RouteVerdict } from '../core/candidate.ts';
import { ours } from '../core/constants.ts';
import type { Observation } from '../core/observation.ts';
import { localAddresses } from '../host/addresses.ts';
import { routeTo } from '../host/route.ts';
import { createEchoSender, type EchoOptions, type EchoResult, type EchoSender } from '../probe/echo.ts';
import { sendInnerPacket } from '../probe/inner-packet.ts';
import { type PeerCounters, readCounters } from '../wireguard/counters.ts';
import { readDevice } from '../wireguard/device.ts';
import { formatEndpoint, parseEndpoint } from '../wireguard/endpoint.ts';
import { createResetHost } from '../wireguard/reset/host.ts';
import { recoverResets } from '../wireguard/reset/recover-resets.ts';
import { resetSession } from '../wireguard/reset/reset-session.ts';
import { setEndpoint } from '../wireguard/set-endpoint.ts';
import { coalesce } from './coalesce.ts';
import { createHandshakeEffects, type OnVerdict } from './handshake-effects.ts';

/** What became of a reading or a setting, as the core wants to hear it. */
export type PeerReading =
  | { readonly kind: 'ok'; readonly observation: Observation }
  | { readonly kind: 'peer-gone'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** Everything that is done on one interface for the peers that live on it. */
export interface InterfaceEffects {
  /** Reads the counters; peers that ask at the same time share one reading. */
  observe(peer: string): Promise<PeerReading>;
  /** Sets an endpoint and reads it back; one write at a time on an interface. */
  set(peer: string, endpoint: string): Promise<PeerReading>;
  /** How an endpoint would be reached from outside the tunnel. */
  route(endpoint: string): Promise<Exclude<RouteVerdict, 'unknown'>>;
  /** One ICMP echo to an endpoint's address, outside the tunnel. */
  echoOutside(endpoint: string, onResult: (result: EchoResult) => void): void;
  /** One echo through the tunnel. Where no echo can be sent, a small UDP packet goes instead: nothing answers it
   *  at once, but the counters of the peer still will. */
  echoInside(target: string, onResult: (result: EchoResult) => void): void;
  /** One handshake of our own to an endpoint. `onVerdict` is called once, unless `endProbes` comes first. */
  probe(peer: string, endpoint: string, timeoutMs: number, onVerdict: OnVerdict): void;
  endProbes(peer: string): void;
  /** Removes the peer and adds it again with this endpoint, but only if its `rx_bytes` are still these. */
  reset(peer: string, endpoint: string, rxBytes: number): Promise<PeerReading>;
  /** Why echoes are not sent by sockets of our own, for `--verbose`; null if they are. */
  echoReason(): string | null;
  /** Ends everything under way. */
  close(): void;
}

/** Which interface, and what its own packets look like. */
export interface InterfaceEffectsOptions {
  readonly interface: string;
  /** The mark of the tunnel's own packets, 0 for none. Everything sent outside carries it. */
  readonly fwMark: number;
  readonly listenPort: number;
  /** Limit of one call of `wg` or `ip`. */
  readonly toolTimeoutMs: number;
  /** Where a peer is written down while its session is reset. */
  readonly runtimeDirectory: string;
  /** Called once, with a sentence, where there can be no handshakes of our own. */
  readonly onNoKeys?: (detail: string) => void;
}

/** Readings take a quarter of the time at the most: with one peer that is one each 20 ms, with a thousand each 400 ms. */
const readingRestFactor = 3;

/** A `wg` that failed may have been out of memory for a moment; the peer is missing meanwhile. */
const settleEveryMs = 1_000;

/** Every byte counts on a metered link: the least that an echo can do with. */
const insidePayloadBytes = 4;

/** Opens what is needed; nothing is sent yet. */
export function createInterfaceEffects(options: InterfaceEffectsOptions): InterfaceEffects {
  const abort = new AbortController();
  const tool = { timeoutMs: options.toolTimeoutMs, signal: abort.signal };
  const inside: EchoSender = createEchoSender({ device: options.interface });
  const outside: EchoSender = createEchoSender(options.fwMark === 0 ? {} : { mark: options.fwMark });
  const readAll = coalesce(() => readCounters(options.interface, tool), readingRestFactor);
  const handshakeS = new Map<string, number>();
  const handshakes = createHandshakeEffects({
    interface: options.interface,
    fwMark: options.fwMark,
    toolTimeoutMs: options.toolTimeoutMs,
    latestHandshakeS: (peer) => handshakeS.get(peer) ?? 0,
    onNoKeys: options.onNoKeys ?? (() => {}),
  });
  const host = createResetHost(options.runtimeDirectory);
  let writes: Promise<unknown> = Promise.resolve();

  function seen(peer: string, observation: Observation): PeerReading {
    handshakeS.set(peer, observation.latestHandshakeS);
    return { kind: 'ok', observation };
  }

  /** Silence keeps its place among the echoes under way; nobody waits longer than the longest time-out for it. */
  function send(
    sender: EchoSender,
    address: string,
    onResult: (result: EchoResult) => void,
    options: EchoOptions = {},
  ): void {
    const handle = sender.send(address, onResult, options);
    setTimeout(() => handle.cancel(), 2 * ours.maxRtoMs).unref();
  }

  async function observe(peer: string): Promise<PeerReading> {
    const read = await readAll();
    if (read.kind === 'no-such-interface') return { kind: 'peer-gone', detail: read.detail };
    if (read.kind !== 'ok') return { kind: 'failed', detail: read.detail };
    const counters = read.peers.get(peer);
    if (!counters)
      return { kind: 'peer-gone', detail: `${options.interface} does not have the peer ${peer} any more` };
    return seen(peer, toObservation(counters, read.rxFrameErrors));
  }

  async function write(peer: string, text: string): Promise<PeerReading> {
    const endpoint = parseEndpoint(text);
    if (!endpoint) return { kind: 'failed', detail: `${text} is not an endpoint` };
    const result = await setEndpoint({ interface: options.interface, peer, endpoint, ...tool });
    if (result.kind === 'set' || result.kind === 'reverted') {
      const device = await readDevice(options.interface);
      const errors = device.kind === 'present' ? device.rxFrameErrors : null;
      return seen(peer, toObservation(result.readBack, errors));
    }
    if (result.kind === 'peer-gone') {
      const detail =
        result.detail ?? `${options.interface} does not have the peer ${peer} any more; nothing was changed`;
      return { kind: 'peer-gone', detail };
    }
    return { kind: result.kind === 'no-such-interface' ? 'peer-gone' : 'failed', detail: result.detail };
  }

  async function reset(peer: string, text: string, rxBytes: number): Promise<PeerReading> {
    const endpoint = parseEndpoint(text);
    if (!endpoint) return { kind: 'failed', detail: `${text} is not an endpoint` };
    const before = await observe(peer);
    if (before.kind !== 'ok') return before;
    if (before.observation.rxBytes !== rxBytes)
      return { kind: 'failed', detail: 'something came in meanwhile, so the session lives and is not reset' };
    const { runtimeDirectory: journalDirectory, interface: name } = options;
    const result = await resetSession({ interface: name, peer, endpoint, journalDirectory, ...tool }, host);
    if (result.kind === 'reset')
      return seen(peer, toObservation(result.readBack, before.observation.rxFrameErrors));
    if (result.kind === 'failed' && result.peer === 'unsettled') void settle();
    return { kind: result.kind === 'peer-gone' ? 'peer-gone' : 'failed', detail: result.detail };
  }

  /** A peer that a reset could not put back is put back as soon as `wg` lets us. */
  async function settle(): Promise<void> {
    const { runtimeDirectory: journalDirectory, interface: name, toolTimeoutMs: timeoutMs } = options;
    for (let left = true; left && !abort.signal.aborted; ) {
      await sleep(settleEveryMs, undefined, { ref: false });
      const work = () => recoverResets({ journalDirectory, interface: name, timeoutMs }, host);
      left = (await inTurn(work)).some(({ kind }) => kind === 'unsettled');
    }
  }

  /** One write at a time on an interface. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = writes.then(work);
    writes = done.catch(() => {});
    return done;
  }

  return {
    observe,
    set: (peer, endpoint) => inTurn(() => write(peer, endpoint)),
    reset: (peer, endpoint, rxBytes) => inTurn(() => reset(peer, endpoint, rxBytes)),
    probe: handshakes.probe,
    endProbes: handshakes.end,
    async route(endpoint) {
      const parsed = parseEndpoint(endpoint);
      if (!parsed) return 'no-route';
      const route = await routeTo(parsed.address, {
        ...(options.fwMark === 0 ? {} : { mark: options.fwMark }),
        udpPort: parsed.port,
        ...(options.listenPort === 0 ? {} : { udpSourcePort: options.listenPort }),
        timeoutMs: options.toolTimeoutMs,
      });
      if (route.kind === 'no-route') return 'no-route';
      // A question that could not be asked is no reason against a candidate.
      return route.kind === 'ok' && route.device === options.interface ? 'in-tunnel' : 'ok';
    },
    echoOutside(endpoint, onResult) {
      send(outside, addressOf(endpoint), onResult);
    },
    echoInside(target, onResult) {
      // Our own address would answer itself, even through a socket bound to the interface.
      if (localAddresses().some((local) => local.address === target)) return;
      if (inside.method !== 'unavailable') {
        send(inside, target, onResult, { payloadBytes: insidePayloadBytes });
        return;
      }
      void sendInnerPacket(target, { device: options.interface }).then((result) => {
        if (result.kind === 'failed') onResult({ kind: 'failed', detail: result.detail });
      });
    },
    echoReason: () => inside.reason,
    close() {
      abort.abort();
      handshakes.close();
      inside.close();
      outside.close();
    },
  };
}

function toObservation(counters: PeerCounters, rxFrameErrors: number | null): Observation {
  return {
    endpoint: counters.endpoint ? formatEndpoint(counters.endpoint) : null,
    rxBytes: counters.rxBytes,
    txBytes: counters.txBytes,
    latestHandshakeS: counters.latestHandshakeS,
    rxFrameErrors,
  };
}
