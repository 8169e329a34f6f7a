import type { HandshakeVerdict } from '../core/handshake-verdict.ts';
import type { HandshakeKeys } from '../probe/handshake/keys.ts';
import type { HandshakeProber } from '../probe/handshake/prober.ts';
import { parseEndpoint } from '../wireguard/endpoint.ts';
import type { KeyMaterial } from '../wireguard/key-material.ts';

/** What becomes of one handshake probe. */
export type OnVerdict = (verdict: HandshakeVerdict, rttMs: number | null) => void;

/** Handshakes of our own with the key of one interface. */
export interface HandshakeEffects {
  /** Asks an endpoint whether that peer is there. `onVerdict` is called once, unless `end` comes first. */
  probe(peer: string, endpoint: string, timeoutMs: number, onVerdict: OnVerdict): void;
  /** Ends all probes of that peer that are under way; none of them says anything any more. */
  end(peer: string): void;
  close(): void;
}

/** Whose key, and how its packets leave. */
export interface HandshakeEffectsOptions {
  readonly interface: string;
  /** The mark of the tunnel's own packets, 0 for none. */
  readonly fwMark: number;
  readonly toolTimeoutMs: number;
  /** Unix seconds of the peer's last handshake as last read; 0 for none. */
  readonly latestHandshakeS: (peer: string) => number;
  /** Called once, with a sentence, if the keys cannot be read; then everything goes on by trial. */
  readonly onNoKeys: (detail: string) => void;
}

/** A race of all candidates reads the keys once; after this they are wiped, whatever is under way. */
const keysKeptMs = 2_000;

/** Creates it. Nothing is loaded, read or opened before the first probe. */
export function createHandshakeEffects(options: HandshakeEffectsOptions): HandshakeEffects {
  /** One for each peer, for as long as the process lives: it knows the last timestamp used. */
  const probers = new Map<string, Promise<HandshakeProber>>();
  const races = new Map<string, AbortController>();
  const kept = new Map<string, Promise<KeyMaterial>>();
  let closed = false;
  let saidNoKeys = false;

  async function load(peer: string): Promise<HandshakeProber> {
    const { createHandshakeProber } = await import('../probe/handshake/prober.ts');
    return createHandshakeProber({
      peerPublicKey: Buffer.from(peer, 'base64'),
      keys: () => keysOf(peer),
      handshakeSeenMs: () => options.latestHandshakeS(peer) * 1_000,
      ...(options.fwMark === 0 ? {} : { mark: options.fwMark }),
    });
  }

  function proberOf(peer: string): Promise<HandshakeProber> {
    const known = probers.get(peer) ?? load(peer);
    probers.set(peer, known);
    return known;
  }

  async function readKeys(peer: string): Promise<KeyMaterial> {
    const { readKeyMaterial } = await import('../wireguard/key-material.ts');
    return readKeyMaterial({ interface: options.interface, peer, timeoutMs: options.toolTimeoutMs });
  }

  /** Copies, since whoever gets them wipes them. */
  async function keysOf(peer: string): Promise<HandshakeKeys> {
    let reading = kept.get(peer);
    if (!reading) {
      reading = readKeys(peer);
      kept.set(peer, reading);
      setTimeout(() => forget(peer), keysKeptMs).unref();
    }
    const material = await reading;
    if (material.kind === 'ok') {
      const { privateKey, presharedKey } = material;
      return {
        kind: 'ok',
        privateKey: Buffer.from(privateKey),
        presharedKey: presharedKey && Buffer.from(presharedKey),
      };
    }
    if (!saidNoKeys) options.onNoKeys(material.detail);
    saidNoKeys = true;
    return { kind: 'unreadable', detail: material.detail };
  }

  function forget(peer: string): void {
    const reading = kept.get(peer);
    kept.delete(peer);
    void reading?.then((material) => {
      if (material.kind !== 'ok') return;
      material.privateKey.fill(0);
      material.presharedKey?.fill(0);
    });
  }

  async function run(
    peer: string,
    endpoint: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly verdict: HandshakeVerdict; readonly rttMs: number | null }> {
    const parsed = parseEndpoint(endpoint);
    if (parsed === null || closed) return { verdict: 'unavailable', rttMs: null };
    const prober = await proberOf(peer);
    const verdict = await prober.probe(parsed, { timeoutMs, signal });
    switch (verdict.kind) {
      case 'authenticated':
      case 'wrong-preshared-key':
        return { verdict: verdict.kind, rttMs: verdict.rttMs };
      case 'failed':
      case 'cancelled':
        return { verdict: 'unavailable', rttMs: null };
      default:
        return { verdict: verdict.kind, rttMs: null };
    }
  }

  return {
    probe(peer, endpoint, timeoutMs, onVerdict) {
      const race = races.get(peer) ?? new AbortController();
      races.set(peer, race);
      const { signal } = race;
      void run(peer, endpoint, timeoutMs, signal)
        .catch(() => ({ verdict: 'unavailable' as const, rttMs: null }))
        .then(({ verdict, rttMs }) => {
          if (!signal.aborted) onVerdict(verdict, rttMs);
        });
    },
    end(peer) {
      races.get(peer)?.abort();
      races.delete(peer);
      forget(peer);
    },
    close() {
      closed = true;
      for (const peer of [...races.keys()]) this.end(peer);
      for (const prober of probers.values()) void prober.then((one) => one.close());
    },
  };
}
