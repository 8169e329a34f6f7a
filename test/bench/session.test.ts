import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../bench/endpoint.ts';
import { makeInotifyRoom } from '../../bench/inotify.ts';
import { startPressure } from '../../bench/pressure.ts';
import { createTurnstile } from '../../bench/turnstile.ts';

const directory = mkdtempSync(join(tmpdir(), 'bench-session-'));
afterAll(() => rmSync(directory, { recursive: true }));
const fileWith = (text: string) => {
  const file = join(directory, 'file');
  writeFileSync(file, text);
  return file;
};

describe('room for inotify instances', () => {
  it('is made where there is too little, said, and given back', () => {
    const file = fileWith('128\n');
    const room = makeInotifyRoom(120, file);
    expect(Number(readFileSync(file, 'utf8'))).toBeGreaterThanOrEqual(120);
    expect(room.note).toContain('128');
    room.restore();
    expect(readFileSync(file, 'utf8')).toBe('128');
  });

  it('is left alone where there is enough', () => {
    const file = fileWith('8192\n');
    const room = makeInotifyRoom(120, file);
    room.restore();
    expect(room.note).toBeNull();
    expect(readFileSync(file, 'utf8')).toBe('8192\n');
  });

  it('is not taken away from who asked for more meanwhile', () => {
    const file = fileWith('128');
    const room = makeInotifyRoom(120, file);
    writeFileSync(file, '999');
    room.restore();
    expect(readFileSync(file, 'utf8')).toBe('999');
  });

  it('says so where it cannot be made', () => {
    // A small number of the kernel's that nobody can write, not even root.
    const room = makeInotifyRoom(120, '/proc/sys/kernel/cap_last_cap');
    expect(room.note).toContain('labs may not start');
    room.restore();
  });
});

describe('the pressure on the CPU', () => {
  it('is the share of the time that somebody waited', async () => {
    const line = (total: number) => `some avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\nfull total=7\n`;
    const file = fileWith(line(1_000));
    const beganMs = performance.now();
    const read = startPressure(file);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(file, line(6_000));
    const share = read() ?? 0;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(5 / 20 + 0.05);
    expect(share).toBeGreaterThanOrEqual(5 / (performance.now() - beganMs + 5));
  });

  it('is unknown where the kernel does not tell', () => {
    expect(startPressure(join(directory, 'none'))()).toBeNull();
  });
});

describe('the turnstile', () => {
  it('lets so many through at a time, in order, and goes on after one that failed', async () => {
    const enter = createTurnstile(2);
    const begun: number[] = [];
    let inside = 0;
    let most = 0;
    const step = (number: number) =>
      enter(async () => {
        begun.push(number);
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside -= 1;
        if (number === 1) throw new Error('as it happens');
      }).catch(() => undefined);
    await Promise.all([0, 1, 2, 3, 4, 5].map(step));
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });
});

describe('the endpoint', () => {
  it('is that of the peer asked for, in what wireguard-go says', () => {
    const text =
      'private_key=aa\npublic_key=0011\nendpoint=192.0.2.1:1\npublic_key=0022\nendpoint=[2001:db8::1]:2\n' +
      'public_key=0033\ntx_bytes=0\nerrno=0\n\n';
    expect(parseEndpoint(text, '0022')).toBe('[2001:db8::1]:2');
    expect(parseEndpoint(text, '0033')).toBeNull();
    expect(parseEndpoint(text, '0044')).toBeNull();
  });
});
