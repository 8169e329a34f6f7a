import type { Observation } from '../../src/core/observation.ts';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Device } from '../wireguard/device.ts';

/** What a call of `wg` ended with, as the core's event wants it. */
export type ToolReading =
  | { readonly kind: 'ok'; readonly observation: Observation }
  | { readonly kind: 'peer-gone'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/**
 * How `wg` behaves. `fails`: that part of calls fails at once, a set without effect. `hangs`: that part of calls takes
 * until its kill time-out, and a set may still have taken effect. `late`: every call takes that much longer.
 */
export type ToolHealth =
  | { readonly kind: 'well' }
  | { readonly kind: 'fails'; readonly rate: number }
  | { readonly kind: 'hangs'; readonly rate: number }
  | { readonly kind: 'late'; readonly delayMs: number };

/** The `wg` program of one interface. */
export interface Tool {
  /** Reads one peer; the answer comes 5 to 30 ms later. */
  read(peerKey: string, onResult: (reading: ToolReading) => void): void;
  /** Reads the whole interface once for everybody who shares it. `onEnd` is called when that is over. */
  readAll(onEnd: () => void): void;
  /** Who shares the readings: called when one begins, and what it returns when that one has ended. */
  share(peerKey: string, begin: () => (reading: ToolReading) => void): void;
  /**
   * Sets an endpoint and reads it back, 20 to 60 ms; one at a time. `onWritten` is called at the moment at which the
   * interface has the new endpoint.
   */
  set(
    peerKey: string,
    endpoint: string,
    onWritten: () => void,
    onResult: (reading: ToolReading) => void,
  ): void;
  setHealth(health: ToolHealth): void;
}

/** What the tool needs. */
export interface ToolOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The interface now, or null while there is none. */
  readonly device: () => Device | null;
}

/** A `wg` that has not answered by then is killed (as in the daemon). */
const killedAfterMs = 5_000;

/** Makes a tool that works well. */
export function createTool(options: ToolOptions): Tool {
  const { clock, random } = options;
  let health: ToolHealth = { kind: 'well' };
  let writesEndAtMs = 0;
  const sharers: { readonly peerKey: string; readonly begin: () => (reading: ToolReading) => void }[] = [];

  const look = (peerKey: string): ToolReading => {
    const observation = options.device()?.observe(peerKey);
    if (!observation) return { kind: 'peer-gone', detail: 'the interface does not have the peer any more' };
    return { kind: 'ok', observation };
  };
  const trouble = (): 'none' | 'fails' | 'hangs' => {
    if (health.kind !== 'fails' && health.kind !== 'hangs') return 'none';
    return random.chance(health.rate) ? health.kind : 'none';
  };
  const extraMs = (): number => (health.kind === 'late' ? health.delayMs * random.next() : 0);
  const fail = (afterMs: number, detail: string, onResult: (reading: ToolReading) => void): void =>
    clock.after(afterMs, onResult, { kind: 'failed', detail });

  /** One call that reads: `take` gets the moment at which it looks, or what went wrong. */
  const call = (take: () => () => void, onFailed: (reading: ToolReading) => void): void => {
    const what = trouble();
    if (what === 'fails') return fail(random.between(2, 10), 'wg: permission denied', onFailed);
    if (what === 'hangs') return fail(killedAfterMs, 'wg did not answer within 5 s', onFailed);
    const tookMs = random.between(5, 30);
    // What is read is older than the moment at which it is known.
    clock.after(
      tookMs * random.next(),
      () => clock.after(tookMs / 2 + extraMs(), (tell) => tell(), take()),
      undefined,
    );
  };

  return {
    read(peerKey, onResult) {
      call(() => {
        const reading = look(peerKey);
        return () => onResult(reading);
      }, onResult);
    },
    readAll(onEnd) {
      const begun = sharers.map(({ peerKey, begin }) => ({ peerKey, take: begin() }));
      call(
        () => {
          const readings = begun.map(({ peerKey, take }) => ({ take, reading: look(peerKey) }));
          return () => {
            for (const { take, reading } of readings) take(reading);
            onEnd();
          };
        },
        (failed) => {
          for (const { take } of begun) take(failed);
          onEnd();
        },
      );
    },
    share(peerKey, begin) {
      sharers.push({ peerKey, begin });
    },
    set(peerKey, endpoint, onWritten, onResult) {
      const beginsAtMs = Math.max(clock.nowMs(), writesEndAtMs);
      const tookMs = random.between(20, 60) + extraMs();
      const what = trouble();
      writesEndAtMs = beginsAtMs + (what === 'hangs' ? killedAfterMs : tookMs);
      const write = (): void => {
        const device = options.device();
        if (!device?.observe(peerKey)) return;
        device.set(peerKey, { endpoint });
        onWritten();
      };
      if (what === 'fails') {
        clock.at(writesEndAtMs, onResult, { kind: 'failed', detail: 'wg: permission denied' });
      } else if (what === 'hangs') {
        if (random.chance(0.5)) clock.at(beginsAtMs + random.between(10, killedAfterMs), write, undefined);
        clock.at(writesEndAtMs, onResult, { kind: 'failed', detail: 'wg did not answer within 5 s' });
      } else {
        clock.at(beginsAtMs + tookMs * random.between(0.3, 0.7), write, undefined);
        clock.at(writesEndAtMs, () => onResult(look(peerKey)), undefined);
      }
    },
    setHealth(now) {
      health = now;
    },
  };
}
