/** What the three clocks of a host said at one moment, in milliseconds. */
export interface ClockReading {
  /** Does not step and stands still during a suspend. */
  readonly monotonicMs: number;
  /** Does not step and runs on during a suspend. */
  readonly bootMs: number;
  /** Unix time; somebody may set it. */
  readonly wallMs: number;
}

/** What happened between two readings that should have been `expectedMs` apart. */
export interface ClockEvent {
  /** The loop came this much late: time-outs that expired meanwhile are void. */
  readonly stalledMs: number;
  /** The host slept this long. */
  readonly suspendedMs: number;
  /** The wall clock was set forward (or back, negative) by this much. */
  readonly steppedMs: number;
}

/** A tick that comes this much late is a stall: the shortest echo time-out is 200 ms, several of them fit in. */
const stallMs = 1_000;
/** /proc/uptime has a resolution of 10 ms, and both are read one after the other; Mullvad takes 6 s for a suspend. */
const suspendMs = 2_000;
/** NTP slews by at most 500 ppm; a step of a second is somebody setting the clock. */
const stepMs = 1_000;

/** Compares two readings. Returns null if nothing out of the ordinary happened. */
export function compareClocks(
  before: ClockReading,
  now: ClockReading,
  expectedMs: number,
): ClockEvent | null {
  const monotonicMs = now.monotonicMs - before.monotonicMs;
  const suspendedMs = now.bootMs - before.bootMs - monotonicMs;
  const steppedMs = now.wallMs - before.wallMs - (now.bootMs - before.bootMs);
  const stalledMs = monotonicMs - expectedMs;
  const event: ClockEvent = {
    stalledMs: stalledMs >= stallMs ? stalledMs : 0,
    suspendedMs: suspendedMs >= suspendMs ? suspendedMs : 0,
    steppedMs: Math.abs(steppedMs) >= stepMs ? steppedMs : 0,
  };
  return event.stalledMs === 0 && event.suspendedMs === 0 && event.steppedMs === 0 ? null : event;
}
