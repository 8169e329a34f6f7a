/** Which WireGuard a device is: they differ in timers, counters and clocks. */
export type Implementation = 'kernel' | 'wireguard-go';

/** Numbers of the protocol (kernel `messages.h`, wireguard-go `device/constants.go`; facts A.1). */
export const protocol = {
  rekeyAfterMs: 120_000,
  rejectAfterMs: 180_000,
  rekeyTimeoutMs: 5_000,
  keepaliveTimeoutMs: 10_000,
  /** More retries than this and it gives up: with the first and the last that makes 20 initiations. */
  maxRetries: 18,
  /** Keys are wiped so long after the last session was made. */
  zeroKeysMs: 540_000,
  /** A responder drops an initiation that comes sooner than this after the last one. */
  floodMs: 20,
  maxStagedPackets: 128,
} as const;

/** How the two implementations differ, as far as anybody outside can tell. */
export interface Behaviour {
  /** Retries and the 15 s rule come up to this much later, at random. */
  readonly jitterMs: number;
  /** Timers of the kernel fire on the edges of its timer wheel; Go's fire when they are due. */
  readonly usesTimerWheel: boolean;
  /** The kernel's sessions age while the host sleeps, Go's do not (CLOCK_BOOTTIME against CLOCK_MONOTONIC). */
  readonly agesAsleep: boolean;
  /** The kernel forgets its keys when the host goes to sleep (`wg_pm_notification`). */
  readonly forgetsKeysOnSuspend: boolean;
  /** wireguard-go counts what comes from outside the allowed IPs, the kernel does not (facts H.1). */
  readonly countsForeignSources: boolean;
  /** wireguard-go starts the 15 s rule even if its own host refused to send the packet. */
  readonly countsUnsentData: boolean;
  /** The kernel lets IPv4 packets be fragmented, wireguard-go sets DF (facts F). */
  readonly mayFragment: boolean;
}

/** HZ / 3 with HZ = 250: 83 jiffies. */
const kernelJitterMs = 332;

/** The two implementations. */
export const behaviours: Readonly<Record<Implementation, Behaviour>> = {
  kernel: {
    jitterMs: kernelJitterMs,
    usesTimerWheel: true,
    agesAsleep: true,
    forgetsKeysOnSuspend: true,
    countsForeignSources: false,
    countsUnsentData: false,
    mayFragment: true,
  },
  'wireguard-go': {
    jitterMs: 334,
    usesTimerWheel: false,
    agesAsleep: false,
    forgetsKeysOnSuspend: false,
    countsForeignSources: true,
    countsUnsentData: true,
    mayFragment: false,
  },
};
