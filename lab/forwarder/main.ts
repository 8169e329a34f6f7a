/**
 * The lab's path: reads every packet that crosses the router, and gives it back late, or not at all.
 *
 * Runs in the router's namespace, where policy routing sends what arrives from either side into TUN devices.
 * One thread that blocks in ppoll(2): no event loop, whose timers are whole milliseconds, and no thread hop.
 * It ends when its standard input is closed, so it cannot outlive the process that made the lab.
 */
import { readSync, writeFileSync, writeSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Direction, PathCounts, Request, WireTable } from './protocol.ts';
import { tunDevices } from './protocol.ts';
import { createDueQueue } from './queue.ts';
import { seededRandom } from './random.ts';
import { decide, dropped } from './table.ts';
import { loadTunCalls } from './tun.ts';

const standardInput = 0;
const standardOutput = 1;
// A burst is served in slices of this size, so that packets that are due meanwhile are not held back by it.
const packetsPerTurn = 64;
// Ahead of the programs under test: on a busy machine the path must not be what is slow.
const priority = -15;

const tun = loadTunCalls();
const random = seededRandom(Number(process.argv[2] ?? 1));
const queue = createDueQueue<{ readonly fd: number; readonly packet: Buffer }>();
const counts: { -readonly [Name in keyof PathCounts]: number } = {
  up: 0,
  down: 0,
  dns: 0,
  dropped: 0,
  refused: 0,
};
const arrival = Buffer.alloc(65_536);
const request = Buffer.alloc(65_536);
const paths = new Map<number, Direction | 'dns'>();
let table: WireTable = { rules: [], delayMs: 0, jitterMs: 0, dnsDelayMs: 0 };
let unread = '';

function makeRouter(): void {
  try {
    setPriority(priority);
  } catch {
    // A container may forbid it; the path then shares the processor like everybody else.
  }
  const settings: [string, string][] = [
    ['ipv4/ip_forward', '1'],
    ['ipv6/conf/all/forwarding', '1'],
    // Packets come back from the TUN devices, where no route leads to their source.
    ['ipv4/conf/all/rp_filter', '0'],
    ...Object.values(tunDevices).map((name): [string, string] => [`ipv4/conf/${name}/rp_filter`, '0']),
  ];
  for (const [name, value] of settings) writeFileSync(`/proc/sys/net/${name}`, value);
}

function verdict(path: Direction | 'dns', packet: Buffer): number {
  if (path === 'dns') return table.dnsDelayMs ?? dropped;
  return decide(table, packet, path, random);
}

function isForwardable(packet: Buffer): boolean {
  if (packet.length < 20) return false;
  const version = packet.readUInt8(0) >> 4;
  if (version === 4) return packet.readUInt8(16) < 224;
  // Multicast is what the kernel itself says on the TUN device (listener reports); it is nobody's traffic.
  return version === 6 && packet.length >= 40 && packet.readUInt8(24) !== 0xff;
}

function deliver(fd: number, packet: Buffer): void {
  if (!tun.write(fd, packet)) counts.refused += 1;
}

function receive(fd: number, path: Direction | 'dns'): void {
  for (let turn = 0; turn < packetsPerTurn; turn += 1) {
    const length = tun.read(fd, arrival);
    if (length < 0) return;
    const packet = arrival.subarray(0, length);
    if (!isForwardable(packet)) continue;
    counts[path] += 1;
    const delayMs = verdict(path, packet);
    if (delayMs === dropped) counts.dropped += 1;
    else if (delayMs === 0) deliver(fd, packet);
    else queue.push(performance.now() + delayMs, { fd, packet: Buffer.from(packet) });
  }
}

function obey(line: string): void {
  const order: Request = JSON.parse(line);
  if (order.kind === 'attach') {
    for (const path of ['up', 'down', 'dns'] as const) paths.set(tun.open(tunDevices[path]), path);
    makeRouter();
  }
  if (order.kind !== 'count') table = order.table;
  writeSync(standardOutput, `${JSON.stringify({ seq: order.seq, counts })}\n`);
}

/** False when the other end has closed the pipe. */
function readRequests(): boolean {
  const length = readSync(standardInput, request);
  if (length === 0) return false;
  const lines = (unread + request.toString('utf8', 0, length)).split('\n');
  unread = lines.pop() ?? '';
  for (const line of lines) obey(line);
  return true;
}

for (let open = true; open; ) {
  const dueMs = queue.nextDueMs();
  const timeoutMs = dueMs === null ? null : Math.max(0, dueMs - performance.now());
  for (const fd of tun.wait([standardInput, ...paths.keys()], timeoutMs)) {
    const path = paths.get(fd);
    if (path !== undefined) receive(fd, path);
    else open = readRequests();
  }
  const nowMs = performance.now();
  for (let due = queue.take(nowMs); due !== null; due = queue.take(nowMs)) deliver(due.fd, due.packet);
}
