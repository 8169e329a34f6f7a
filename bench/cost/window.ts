import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessUsage } from '../proc.ts';
import { readProcessUsage } from '../proc.ts';
import type { WireBytes } from './wire.ts';

/** What happened in a stretch of time. */
export interface Window {
  readonly tookMs: number;
  /** Null where it was not counted. */
  readonly wire: WireBytes | null;
  /** Of the process and of the children that it waited for; null if there was none. */
  readonly cpuMs: number | null;
  /** At the end, and at the highest since the process began. */
  readonly rssBytes: number | null;
  readonly peakRssBytes: number | null;
}

/** What is known at one moment. */
export interface Reading {
  readonly atMs: number;
  readonly wire: WireBytes | null;
  readonly usage: ProcessUsage | null;
}

/** What is watched. */
export interface Watched {
  /** Null: no process. */
  readonly pid: number | null;
  /** Reads the counters of the wire. Absent: none are read. */
  readonly wire?: () => Promise<WireBytes | null>;
}

const hourMs = 3_600_000;

/** Watches a process and a wire for that long. */
export async function measureWindow(watched: Watched, lastsMs: number): Promise<Window> {
  const before = await read(watched);
  await sleep(lastsMs);
  return windowBetween(before, await read(watched));
}

/** What happened between two readings. */
export function windowBetween(before: Reading, after: Reading): Window {
  const usage = [before.usage, after.usage] as const;
  return {
    tookMs: after.atMs - before.atMs,
    wire: before.wire === null || after.wire === null ? null : grownBy(before.wire, after.wire),
    cpuMs: usage[0] === null || usage[1] === null ? null : usage[1].cpuMs - usage[0].cpuMs,
    rssBytes: after.usage?.rssBytes ?? null,
    peakRssBytes: after.usage?.peakRssBytes ?? null,
  };
}

/** A figure of the window as it would be in an hour that goes on the same; null stays null. */
export function perHour(amount: number | null, tookMs: number): number | null {
  return amount === null || tookMs <= 0 ? null : (amount * hourMs) / tookMs;
}

function grownBy(before: WireBytes, after: WireBytes): WireBytes {
  return {
    all: after.all - before.all,
    keepalives: after.keepalives - before.keepalives,
    handshakes: after.handshakes - before.handshakes,
  };
}

async function read({ pid, wire }: Watched): Promise<Reading> {
  const carried = (await wire?.()) ?? null;
  return { atMs: performance.now(), wire: carried, usage: pid === null ? null : readProcessUsage(pid) };
}
