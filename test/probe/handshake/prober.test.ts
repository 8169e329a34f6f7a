import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { PendingHandshake } from '../../../src/noise/pending-handshake.ts';
import { maxWrongResponses } from '../../../src/probe/handshake/answer.ts';
import type { HandshakeKeys } from '../../../src/probe/handshake/keys.ts';
import {
  createHandshakeProber,
  type HandshakeProber,
  type HandshakeProberOptions,
} from '../../../src/probe/handshake/prober.ts';
import { createResponder, publicOf } from '../../noise/responder.ts';
import { type Arrival, asItIs, createFarSide, type FarSide } from './far-side.ts';

const pendings = vi.hoisted((): PendingHandshake[] => []);

vi.mock(import('../../../src/noise/initiation.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    createInitiation(input) {
      const created = real.createInitiation(input);
      if (created.kind === 'created') pendings.push(created.pending);
      return created;
    },
  };
});

const own = Uint8Array.from(randomBytes(32));
const theirs = Uint8Array.from(randomBytes(32));
const presharedKey = Uint8Array.from(randomBytes(32));
const known = { publicKey: publicOf(own), presharedKey };
const farSides: FarSide[] = [];
const probers: HandshakeProber[] = [];
const given: Uint8Array[] = [];

afterEach(async () => {
  for (const prober of probers.splice(0)) prober.close();
  await Promise.all(farSides.splice(0).map((farSide) => farSide.close()));
  // Whatever happened, no secret that was handed out or made is left.
  const kept = pendings.splice(0).flatMap(({ privateKeys, chainingKey, presharedKey: shared }) => {
    expect(privateKeys).toBeNull();
    return [chainingKey, shared];
  });
  for (const secret of [...given.splice(0), ...kept]) {
    expect(secret.every((byte) => byte === 0)).toBe(true);
  }
});

async function far(...[options]: [Parameters<typeof createFarSide>[2]?]): Promise<FarSide> {
  const farSide = await createFarSide(theirs, [known], options);
  farSides.push(farSide);
  return farSide;
}

function copies(keys: { privateKey: Uint8Array; presharedKey: Uint8Array | null }): HandshakeKeys {
  const copy = (key: Uint8Array): Uint8Array => {
    const secret = Uint8Array.from(key);
    given.push(secret);
    return secret;
  };
  const { privateKey, presharedKey: shared } = keys;
  return { kind: 'ok', privateKey: copy(privateKey), presharedKey: shared && copy(shared) };
}

function prober(options: Partial<HandshakeProberOptions> = {}): HandshakeProber {
  const made = createHandshakeProber({
    peerPublicKey: publicOf(theirs),
    keys: async () => copies({ privateKey: own, presharedKey }),
    ...options,
  });
  probers.push(made);
  return made;
}

/** Long enough for a busy machine, where an answer is awaited; short, where none is. */
const patient = { timeoutMs: 5_000 };
const brief = { timeoutMs: 300 };

describe('one probe', () => {
  test.each(['127.0.0.1', '::1'])('of a peer at %s is authenticated by one initiation', async (address) => {
    const farSide = await far({ address });
    const verdict = await prober().probe(farSide, patient);
    expect(verdict).toMatchObject({ kind: 'authenticated', askedForCookie: false });
    if (verdict.kind === 'authenticated') expect(verdict.rttMs).toBeGreaterThan(0);
    await sleep(100);
    // Nothing that confirms the session, either.
    expect(farSide.arrived).toHaveLength(1);
  });

  test('of a port where nobody listens is refused at once', async () => {
    const farSide = await far();
    await farSides.pop()?.close();
    const started = performance.now();
    expect(await prober().probe(farSide, patient)).toEqual({ kind: 'refused', how: 'port-closed' });
    expect(performance.now() - started).toBeLessThan(patient.timeoutMs);
  });

  test('of a peer with another preshared key is told after the time, of one with none at once', async () => {
    const farSide = await far();
    const other = prober({ keys: async () => copies({ privateKey: own, presharedKey: theirs }) });
    const verdict = await other.probe(farSide, brief);
    expect(verdict).toMatchObject({ kind: 'wrong-preshared-key', theirs: 'unknown' });
    const without = createResponder(theirs, [{ ...known, presharedKey: null }]);
    const plain = await far({ responder: without });
    const proven = await prober().probe(plain, patient);
    expect(proven).toMatchObject({ kind: 'wrong-preshared-key', theirs: 'none' });
  });

  test('a wrong peer key and an unknown key of ours are silence', async () => {
    const farSide = await far();
    const elsewhere = prober({ peerPublicKey: publicOf(own) });
    const stranger = prober({ keys: async () => copies({ privateKey: theirs, presharedKey }) });
    expect(await elsewhere.probe(farSide, brief)).toEqual({ kind: 'silent' });
    expect(await stranger.probe(farSide, brief)).toEqual({ kind: 'silent' });
    expect(farSide.arrived.map(({ answer }) => 'why' in answer && answer.why)).toEqual(['mac1', 'who']);
  });

  test('a peer key that nobody can have, keys that cannot be read, a port that is none: failed', async () => {
    const farSide = await far();
    const impossible = prober({ peerPublicKey: new Uint8Array(32) });
    expect(await impossible.probe(farSide, patient)).toMatchObject({ kind: 'failed' });
    const closed = prober({ keys: async () => ({ kind: 'unreadable', detail: 'no right to read it' }) });
    const unread = await closed.probe(farSide, patient);
    expect(unread).toEqual({ kind: 'failed', detail: 'no right to read it' });
    const broken = prober({ keys: () => Promise.reject(new Error(`${own}`)) });
    const thrown = prober({
      keys: () => {
        throw new Error(`${own}`);
      },
    });
    for (const each of [broken, thrown]) {
      const rejected = await each.probe(farSide, patient);
      expect(rejected).toMatchObject({ kind: 'failed' });
      expect(JSON.stringify(rejected)).not.toContain(`${own}`);
    }
    const short = own.subarray(1);
    const shortened = [
      prober({ keys: async () => copies({ privateKey: short, presharedKey }) }),
      prober({ keys: async () => copies({ privateKey: own, presharedKey: short }) }),
      prober({ peerPublicKey: short }),
    ];
    for (const each of shortened)
      expect(await each.probe(farSide, patient)).toMatchObject({ kind: 'failed' });
    expect(await prober().probe({ address: '127.0.0.1', port: 0 }, patient)).toMatchObject({
      kind: 'failed',
    });
    expect(farSide.arrived).toEqual([]);
  });

  test('an answer that is already there when the time is up counts: the loop had stalled', async () => {
    const farSide = await far();
    let stalled = false;
    farSide.answerWith((arrival) => {
      // The answer is in the socket's queue then, and the time is up before anybody reads it.
      setImmediate(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        stalled = true;
      });
      return asItIs(arrival);
    });
    expect(await prober().probe(farSide, { timeoutMs: 100 })).toMatchObject({ kind: 'authenticated' });
    expect(stalled).toBe(true);
  });
});

describe('what is not an answer', () => {
  const changed = (bytes: Uint8Array, index: number): Uint8Array =>
    Uint8Array.from(bytes, (byte, each) => (each === index ? byte ^ 1 : byte));
  const falsehoods: readonly [string, (arrival: Arrival, genuine: Uint8Array) => readonly Uint8Array[]][] = [
    ['forged', (_arrival, genuine) => [changed(genuine, 45), changed(genuine, 61), changed(genuine, 9)]],
    ['truncated', (_arrival, genuine) => [genuine.slice(0, 91), genuine.slice(0, 12), new Uint8Array()]],
    ['oversized', (_arrival, genuine) => [Uint8Array.from([...genuine, 0]), new Uint8Array(65_000)]],
    ['our own initiation', ({ datagram }) => [datagram]],
  ];

  test.each(falsehoods)('%s: overlooked, and the genuine one after it is heard', async (_name, falsify) => {
    const farSide = await far();
    farSide.answerWith((arrival) => {
      const [genuine] = asItIs(arrival);
      if (genuine === undefined) return [];
      return falsify(arrival, genuine.datagram).map((datagram) => ({ datagram }));
    });
    const same = prober();
    expect((await same.probe(farSide, brief)).kind).toBe('silent');
    farSide.answerWith((arrival) => {
      const [genuine] = asItIs(arrival);
      if (genuine === undefined) return [];
      const false_ = falsify(arrival, genuine.datagram).map((datagram) => ({ datagram }));
      return [...false_, { ...genuine, afterMs: 100 }];
    });
    expect(await same.probe(farSide, patient)).toMatchObject({ kind: 'authenticated' });
  });

  test('a genuine answer replayed to another probe, or sent from another address or port', async () => {
    const farSide = await far();
    const same = prober();
    await same.probe(farSide, patient);
    const [first] = farSide.arrived;
    if (first === undefined || first.answer.kind !== 'response') throw new Error('no first answer');
    const replayed = first.answer.datagram;
    farSide.answerWith(() => [{ datagram: replayed }]);
    expect((await same.probe(farSide, brief)).kind).toBe('silent');

    for (const address of ['127.0.0.1', '127.0.0.2']) {
      const elsewhere = createSocket('udp4');
      await new Promise<void>((resolve) => elsewhere.bind(0, address, resolve));
      farSide.answerWith((arrival) => asItIs(arrival).map((sent) => ({ ...sent, from: elsewhere })));
      expect((await same.probe(farSide, brief)).kind).toBe('silent');
      elsewhere.close();
    }
    expect(farSide.arrived.map(({ answer }) => answer.kind)).toEqual(Array(4).fill('response'));
  });
});

describe('an answer with a right mac1 and a wrong end, as anybody can make it who sees us and knows our key', () => {
  /** The genuine answer behind so many false ones. */
  const crowded = async (count: number): Promise<FarSide> => {
    const farSide = await far();
    const forger = createResponder(theirs, [{ ...known, presharedKey: theirs }]);
    farSide.answerWith((arrival) => {
      const forged = forger.receive(arrival.datagram, arrival.source, arrival.atMs);
      if (forged.kind !== 'response') throw new Error(forged.kind);
      const crowd = Array.from({ length: count }, () => ({ datagram: forged.datagram }));
      return [...crowd, ...asItIs(arrival).map((sent) => ({ ...sent, afterMs: 100 }))];
    });
    return farSide;
  };

  test('does not keep the genuine one from being heard', async () => {
    const farSide = await crowded(maxWrongResponses - 1);
    expect(await prober().probe(farSide, patient)).toMatchObject({ kind: 'authenticated' });
  });

  test('is looked at a number of times, and then no more', async () => {
    const farSide = await crowded(maxWrongResponses);
    const verdict = await prober().probe(farSide, brief);
    expect(verdict).toMatchObject({ kind: 'wrong-preshared-key', theirs: 'unknown' });
  });
});

describe('a peer under load', () => {
  test('gets its cookie back from the same port, and answers', async () => {
    const farSide = await far();
    farSide.responder.load(true);
    const verdict = await prober().probe(farSide, patient);
    expect(verdict).toMatchObject({ kind: 'authenticated', askedForCookie: true });
    expect(farSide.arrived.map(({ answer }) => answer.kind)).toEqual(['cookie-reply', 'response']);
    expect(new Set(farSide.arrived.map(({ source }) => source)).size).toBe(1);
  });

  test('that never has enough is asked twice, and called under load', async () => {
    const farSide = await far();
    farSide.responder.load(true);
    let asked: Uint8Array = new Uint8Array();
    farSide.answerWith((arrival) => {
      if (arrival.answer.kind === 'cookie-reply') asked = arrival.answer.datagram;
      return [{ datagram: asked }, { datagram: asked }];
    });
    expect(await prober().probe(farSide, brief)).toEqual({ kind: 'under-load' });
    expect(farSide.arrived).toHaveLength(2);
  });
});

describe('several probes', () => {
  test('leave 50 ms apart, each later than the one before, and are all answered', async () => {
    const farSide = await far();
    const same = prober();
    const verdicts = await Promise.all(Array.from({ length: 6 }, () => same.probe(farSide, patient)));
    expect(verdicts.map(({ kind }) => kind)).toEqual(Array(6).fill('authenticated'));
    const times = farSide.arrived.map(({ atMs }) => atMs);
    // What the machine delays on the way can be more for one than for the next.
    expect((times[5] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(4.5 * 50);
    expect(same.settleMs()).toBeGreaterThan(0);
    expect(same.settleMs()).toBeLessThanOrEqual(50);
    await sleep(60);
    expect(same.settleMs()).toBe(0);
  });

  test('what a later initiation may have overtaken is asked again, at last alone, before it counts as silent', async () => {
    const responder = createResponder(theirs, [known]);
    const [slow, dead, fast] = await Promise.all([far({ responder }), far(), far({ responder })]);
    slow.delay(200);
    dead.answerWith(() => []);
    const same = prober();
    const verdicts = await Promise.all(
      [slow, dead, fast].map((farSide) => same.probe(farSide, { timeoutMs: 600 })),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(['authenticated', 'silent', 'authenticated']);
    const [first, second] = slow.arrived.map(({ answer }) => ('why' in answer ? answer.why : answer.kind));
    expect([first, second]).toEqual(['timestamp', 'response']);
    expect(slow.arrived).toHaveLength(2);
    // Overtaken by the fast one, then beside the slow one, then alone.
    expect(dead.arrived).toHaveLength(3);
    expect(fast.arrived).toHaveLength(1);
  });
});

describe('one that is to be alone', () => {
  test('leaves as soon as the last other one has ended', async () => {
    const [endless, dead, fast] = await Promise.all([far(), far(), far()]);
    for (const farSide of [endless, dead]) farSide.answerWith(() => []);
    const same = prober();
    const stop = new AbortController();
    const others = same.probe(endless, { timeoutMs: 60_000, signal: stop.signal });
    const verdict = same.probe(dead, { timeoutMs: 800 });
    // Each answer makes one repetition necessary.
    expect((await same.probe(fast, patient)).kind).toBe('authenticated');
    await vi.waitFor(() => expect(dead.arrived).toHaveLength(2), 5_000);
    expect((await same.probe(fast, patient)).kind).toBe('authenticated');
    await sleep(1_300);
    expect(dead.arrived).toHaveLength(2);
    stop.abort();
    expect(await others).toEqual({ kind: 'cancelled' });
    expect(await verdict).toEqual({ kind: 'silent' });
    expect(dead.arrived).toHaveLength(3);
  });
});

describe('the wall clock', () => {
  const clockOf = (offsetMs: () => number) => ({
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now() + offsetMs(),
  });

  test('behind the last timestamp: nothing is sent, and that is the verdict', async () => {
    const farSide = await far();
    let offsetMs = 0;
    const same = prober({ clock: clockOf(() => offsetMs) });
    expect((await same.probe(farSide, patient)).kind).toBe('authenticated');
    offsetMs = -10_000;
    expect(await same.probe(farSide, patient)).toMatchObject({ kind: 'clock-behind' });
    const next = prober({ clock: clockOf(() => offsetMs), lastTimestampMs: same.lastTimestampMs() });
    expect(await next.probe(farSide, patient)).toMatchObject({ kind: 'clock-behind' });
    const seen = prober({ clock: clockOf(() => offsetMs), handshakeSeenMs: () => Date.now() });
    const verdict = await seen.probe(farSide, patient);
    expect(verdict).toMatchObject({ kind: 'clock-behind' });
    if (verdict.kind === 'clock-behind') expect(verdict.behindMs / 1_000).toBeCloseTo(10, 0);
    expect(farSide.arrived).toHaveLength(1);
    offsetMs = 0;
    expect((await same.probe(farSide, patient)).kind).toBe('authenticated');
  });

  test('without memory of it, the peer keeps silent', async () => {
    const farSide = await far();
    expect((await prober().probe(farSide, patient)).kind).toBe('authenticated');
    const forgetful = prober({ clock: clockOf(() => -10_000) });
    expect((await forgetful.probe(farSide, brief)).kind).toBe('silent');
    expect(farSide.arrived.at(-1)?.answer).toEqual({ kind: 'silence', why: 'timestamp' });
  });
});

describe('the end', () => {
  const openFiles = () => readdirSync('/proc/self/fd').length;

  test('cancelled at any time: told so, and nothing stays open', async () => {
    const farSide = await far();
    farSide.answerWith(() => []);
    const before = openFiles();
    const same = prober();
    expect(await same.probe(farSide, { ...patient, signal: AbortSignal.abort() })).toEqual({
      kind: 'cancelled',
    });
    for (const afterMs of [0, 1, 5, 100]) {
      const stop = new AbortController();
      const verdict = same.probe(farSide, { ...patient, signal: stop.signal });
      setTimeout(() => stop.abort(), afterMs);
      expect(await verdict).toEqual({ kind: 'cancelled' });
    }
    expect(openFiles()).toBe(before);
    farSide.answerWith(asItIs);
    expect((await same.probe(farSide, patient)).kind).toBe('authenticated');
  });

  test('closed: all probes end, those that have not left never do, and no new one starts', async () => {
    const farSide = await far();
    farSide.answerWith(() => []);
    const same = prober();
    const verdicts = Array.from({ length: 5 }, () => same.probe(farSide, patient));
    await sleep(70);
    same.close();
    expect((await Promise.all(verdicts)).map(({ kind }) => kind)).toEqual(Array(5).fill('cancelled'));
    expect(await same.probe(farSide, patient)).toEqual({ kind: 'cancelled' });
    const left = farSide.arrived.length;
    await sleep(150);
    expect(farSide.arrived.length).toBeLessThanOrEqual(left + 1);
    expect(farSide.arrived.length).toBeLessThan(5);
  });
});
