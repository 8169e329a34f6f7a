import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { InnerHost, InnerRequest } from './host.ts';

/** Traffic that runs until it is stopped, and what came of it. Times are those of the world. */
export interface Traffic {
  stop(): void;
  sent(): number;
  answered(): number;
  /** When the last answer came, or null. */
  lastAnswerMs(): number | null;
  /** The longest time between two answers so far, the present silence included; 0 before the first answer. */
  longestGapMs(): number;
  /** Starts to measure gaps anew. */
  forgetGaps(): void;
}

/** What is sent, and how often. */
export interface TrafficOptions {
  readonly clock: Clock;
  readonly from: InnerHost;
  readonly intervalMs: number;
  /** How many packets at a time; default 1. */
  readonly burst?: number;
  readonly request: Omit<InnerRequest, 'onAnswer'>;
}

/** Starts to send, the first packet at once. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { clock, from, intervalMs } = options;
  let running = true;
  let sent = 0;
  let answered = 0;
  let lastAnswerMs: number | null = null;
  let gapFromMs: number | null = null;
  let longestGapMs = 0;

  const request: InnerRequest = {
    ...options.request,
    onAnswer(answer) {
      if (answer.local) return;
      answered++;
      lastAnswerMs = clock.nowMs();
      if (gapFromMs !== null) longestGapMs = Math.max(longestGapMs, lastAnswerMs - gapFromMs);
      gapFromMs = lastAnswerMs;
    },
  };
  const silent = request.kind === 'one-way';
  const packet: InnerRequest = silent ? options.request : request;

  const tick = (): void => {
    if (!running) return;
    for (let index = 0; index < (options.burst ?? 1); index++) {
      sent++;
      from.send(packet);
    }
    clock.after(intervalMs, tick, undefined);
  };
  tick();

  return {
    stop() {
      running = false;
    },
    sent: () => sent,
    answered: () => answered,
    lastAnswerMs: () => lastAnswerMs,
    longestGapMs: () => Math.max(longestGapMs, running && gapFromMs !== null ? clock.nowMs() - gapFromMs : 0),
    forgetGaps() {
      longestGapMs = 0;
      gapFromMs = clock.nowMs();
    },
  };
}

/**
 * Somebody uses the tunnel now and then, as people do: for a random time, beginning at once, and then not for another.
 * `start` begins the traffic of one such time.
 */
export function startNowAndThen(
  clock: Clock,
  random: Random,
  meanMs: { readonly use: number; readonly rest: number },
  start: () => Traffic,
): void {
  const begin = (): void => {
    const traffic = start();
    const useMs = random.exponential(meanMs.use);
    clock.after(useMs, traffic.stop, undefined);
    clock.after(useMs + random.exponential(meanMs.rest), begin, undefined);
  };
  begin();
}

/** `ping -i` to an inner address. */
export function startPings(clock: Clock, from: InnerHost, target: string, intervalMs: number): Traffic {
  return startTraffic({ clock, from, intervalMs, request: { kind: 'echo-request', target } });
}

/** Requests of 200 bytes that are answered with 1,000 (or so many), as a program that polls does. */
export function startRequests(
  clock: Clock,
  from: InnerHost,
  target: string,
  intervalMs: number,
  answerBytes = 1_000,
): Traffic {
  const request = { kind: 'request', target, bytes: 200, answerBytes } as const;
  return startTraffic({ clock, from, intervalMs, request });
}

/** Data that nobody answers (syslog, metrics). */
export function startOneWay(clock: Clock, from: InnerHost, target: string, intervalMs: number): Traffic {
  return startTraffic({ clock, from, intervalMs, request: { kind: 'one-way', target, bytes: 200 } });
}

/**
 * A download: full packets at that rate come back for small requests, as with TCP's acknowledgements. Ten packets at
 * a time, since a simulated day of single ones would take too long.
 */
export function startBulk(clock: Clock, from: InnerHost, target: string, bytesPerS: number): Traffic {
  const burst = 10;
  const answerBytes = 1_400;
  const intervalMs = (burst * answerBytes * 1_000) / bytesPerS;
  const request = { kind: 'request', target, bytes: 52, answerBytes } as const;
  return startTraffic({ clock, from, intervalMs, burst, request });
}
