import { describe, expect, test } from 'vitest';
import type { WireRule, WireTable } from '../lab/forwarder/protocol.ts';
import { createDueQueue } from '../lab/forwarder/queue.ts';
import { seededRandom } from '../lab/forwarder/random.ts';
import { decide, dropped } from '../lab/forwarder/table.ts';

describe('the forwarder’s table', () => {
  const anything: WireRule = {
    family: null,
    prefix: null,
    direction: null,
    protocols: null,
    port: null,
    largerThanBytes: null,
    delayMs: null,
    jitterMs: null,
    lossPercent: 0,
    drop: false,
  };
  const tableOf = (...rules: Partial<WireRule>[]): WireTable => ({
    rules: rules.map((rule) => ({ ...anything, ...rule })),
    delayMs: 5,
    jitterMs: 0,
    dnsDelayMs: 0,
  });
  const never = () => {
    throw new Error('No chance was asked for.');
  };

  /** An IPv6 packet of UDP from port 1 to port 2, as the given fragment. */
  function fragment6(offset: number): Buffer {
    const packet = Buffer.alloc(40 + 8 + 16);
    packet.writeUInt8(0x60, 0);
    packet.writeUInt8(44, 6);
    packet.writeUInt8(17, 40);
    packet.writeUInt16BE((offset << 3) | 1, 42);
    packet.writeUInt16BE(1, 48);
    packet.writeUInt16BE(2, 50);
    return packet;
  }

  test('sees the protocol of a fragment, and its ports only in the first', () => {
    const udp = tableOf({ protocols: [17], drop: true });
    const port = tableOf({ port: 2, drop: true });
    for (const offset of [0, 10]) expect(decide(udp, fragment6(offset), 'up', never)).toBe(dropped);
    expect(decide(port, fragment6(0), 'up', never)).toBe(dropped);
    expect(decide(port, fragment6(10), 'up', never)).toBe(5);
  });

  test('compares a prefix bit by bit, at both ends', () => {
    const packet = Buffer.alloc(28);
    packet.writeUInt8(0x45, 0);
    packet.set([10, 0, 0, 1], 12);
    packet.set([203, 0, 113, 129], 16);
    const hits = (bytes: number[], bits: number) =>
      decide(tableOf({ prefix: { bytes, bits }, drop: true }), packet, 'up', never) === dropped;
    expect(hits([203, 0, 113, 128], 25)).toBe(true);
    expect(hits([203, 0, 113, 0], 25)).toBe(false);
    expect(hits([10, 0, 0, 1], 32)).toBe(true);
    expect(hits([0, 0, 0, 0], 0)).toBe(true);
    expect(
      hits(
        Array.from({ length: 16 }, () => 0),
        0,
      ),
    ).toBe(false);
  });

  test('jitter never makes a delay negative', () => {
    const packet = fragment6(0);
    const random = seededRandom(3);
    const delays = Array.from({ length: 500 }, () => decide(tableOf({ jitterMs: 20 }), packet, 'up', random));
    expect(Math.min(...delays)).toBe(0);
    expect(Math.max(...delays)).toBeGreaterThan(20);
    expect(Math.max(...delays)).toBeLessThanOrEqual(25);
  });

  test('the queue gives back in order of time, equal times in order of arrival', () => {
    const random = seededRandom(11);
    const queue = createDueQueue<number>();
    const dues = Array.from({ length: 1000 }, () => Math.floor(random() * 50));
    for (const [index, due] of dues.entries()) queue.push(due, index);
    const expected = dues
      .map((due, index) => ({ due, index }))
      .sort((a, b) => a.due - b.due || a.index - b.index);
    expect(queue.take(-1)).toBeNull();
    for (const { due, index } of expected) {
      expect(queue.nextDueMs()).toBe(due);
      expect(queue.take(due)).toBe(index);
    }
    expect(queue.nextDueMs()).toBeNull();
  });
});
