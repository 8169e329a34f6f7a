import { layOut } from '../markdown.ts';
import type { FarSide, FleetCost } from './fleet.ts';
import type { OnePeerCost } from './one-peer.ts';
import { perHour } from './window.ts';

/** What is promised, by profile: the bytes of everything that an idle tunnel with keepalive carries in an hour. */
export const wireTargetsBytes = { metered: 30_000, balanced: 100_000 } as const;
const onePeerTargetBytes = 75e6;
const fleetTargetBytes = 150e6;
const fleetTargetShare = 0.1;

/** One line of the table of an idle tunnel. Null where it does not apply or nothing was measured. */
export interface OnePeerLine {
  readonly keeper: OnePeerCost['keeper'];
  readonly wireBytesPerHour: number | null;
  /** Of these, WireGuard's own keepalives. */
  readonly keepaliveBytesPerHour: number | null;
  /** Beyond what the tunnel carries when nobody looks after it. */
  readonly addedBytesPerHour: number | null;
  readonly cpuMsPerHour: number | null;
  readonly rssBytes: number | null;
  readonly peakRssBytes: number | null;
  readonly wireMet: boolean | null;
  readonly memoryMet: boolean | null;
}

/** One line of the table of many peers. */
export interface FleetLine {
  readonly peers: number;
  readonly farSide: FarSide;
  readonly upBefore: number;
  readonly upAfter: number;
  /** Of one core. */
  readonly cpuShare: number | null;
  readonly rssBytes: number | null;
  readonly peakRssBytes: number | null;
  /** Also that all are up: who takes living tunnels for dead keeps no promise. */
  readonly met: boolean | null;
}

/** Sums up; what the tunnel carries by itself comes from the one that nobody looks after, if that is there. */
export function summarizeOnePeer(costs: readonly OnePeerCost[]): readonly OnePeerLine[] {
  const alone = costs.find(({ keeper }) => keeper === 'nobody');
  const aloneBytes = alone === undefined ? null : perHour(alone.wire?.all ?? null, alone.tookMs);
  return costs.map(({ keeper, tookMs, wire, cpuMs, rssBytes, peakRssBytes }) => {
    const wireBytesPerHour = perHour(wire?.all ?? null, tookMs);
    const target = wireTargetOf(keeper);
    return {
      keeper,
      wireBytesPerHour,
      keepaliveBytesPerHour: perHour(wire?.keepalives ?? null, tookMs),
      addedBytesPerHour:
        wireBytesPerHour === null || aloneBytes === null || keeper === 'nobody'
          ? null
          : wireBytesPerHour - aloneBytes,
      cpuMsPerHour: perHour(cpuMs, tookMs),
      rssBytes,
      peakRssBytes,
      wireMet: target === null || wireBytesPerHour === null ? null : wireBytesPerHour <= target,
      memoryMet: rssBytes === null ? null : rssBytes <= onePeerTargetBytes,
    };
  });
}

/** Sums up one measurement of many peers. */
export function summarizeFleet(cost: FleetCost): FleetLine {
  const cpuShare = cost.cpuMs === null || cost.tookMs <= 0 ? null : cost.cpuMs / cost.tookMs;
  const { peers, farSide, upBefore, upAfter, rssBytes, peakRssBytes } = cost;
  const met =
    cpuShare === null || rssBytes === null
      ? null
      : cpuShare <= fleetTargetShare && rssBytes <= fleetTargetBytes && Math.min(upBefore, upAfter) >= peers;
  return { peers, farSide, upBefore, upAfter, cpuShare, rssBytes, peakRssBytes, met };
}

/** The table of an idle tunnel. */
export function renderOnePeer(lines: readonly OnePeerLine[]): string {
  const header = [
    ...['looked after by', 'on the wire, 1 h', 'keepalives', 'without them', 'by wg-reach', 'target', 'met'],
    ...['CPU, 1 h', 'RSS', 'RSS, peak', 'target', 'met'],
  ];
  const rows = lines.map((line) => {
    const target = wireTargetOf(line.keeper);
    const ours = line.keeper !== 'nobody';
    return [
      ours ? `wg-reach, ${line.keeper}` : 'nobody',
      kilobytes(line.wireBytesPerHour),
      kilobytes(line.keepaliveBytesPerHour),
      kilobytes(difference(line.wireBytesPerHour, line.keepaliveBytesPerHour)),
      kilobytes(line.addedBytesPerHour),
      target === null ? none : `≤ ${kilobytes(target)}`,
      yesNo(line.wireMet),
      line.cpuMsPerHour === null ? none : `${(line.cpuMsPerHour / 1_000).toFixed(1)} s`,
      megabytes(line.rssBytes),
      megabytes(line.peakRssBytes),
      ours ? `≤ ${megabytes(onePeerTargetBytes)}` : none,
      yesNo(line.memoryMet),
    ];
  });
  return layOut(header, rows, [0]);
}

/** The table of many peers. */
export function renderFleet(lines: readonly FleetLine[]): string {
  const header = [
    ...['peers', 'far side', 'up, before and after', 'CPU of one core', 'target'],
    ...['RSS', 'RSS, peak', 'target', 'met'],
  ];
  const rows = lines.map((line) => [
    String(line.peers),
    farSideNames[line.farSide],
    `${line.upBefore}, ${line.upAfter}`,
    line.cpuShare === null ? none : `${(line.cpuShare * 100).toFixed(1)} %`,
    `≤ ${fleetTargetShare * 100} %`,
    megabytes(line.rssBytes),
    megabytes(line.peakRssBytes),
    `≤ ${megabytes(fleetTargetBytes)}`,
    yesNo(line.met),
  ]);
  return layOut(header, rows, [1]);
}

function wireTargetOf(keeper: OnePeerCost['keeper']): number | null {
  return keeper === 'metered' || keeper === 'balanced' ? wireTargetsBytes[keeper] : null;
}

const none = '–';
const farSideNames = { played: 'one process', wireguard: 'wireguard-go each' } as const;

function difference(whole: number | null, part: number | null): number | null {
  return whole === null || part === null ? null : whole - part;
}

function kilobytes(bytes: number | null): string {
  return bytes === null ? none : `${(bytes / 1_000).toFixed(1)} kB`;
}

function megabytes(bytes: number | null): string {
  return bytes === null ? none : `${(bytes / 1e6).toFixed(1)} MB`;
}

function yesNo(met: boolean | null): string {
  return met === null ? none : met ? 'yes' : 'no';
}
