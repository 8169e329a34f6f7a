import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FamilyAnswer, readGetent, resolveSystem } from '../../src/resolve/system.ts';

/** Puts a `getent` of ours first in PATH; its arguments are $1 (database) and $2 (name). */
let directory: string;
let path: string | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wg-reach-getent-'));
  path = process.env.PATH;
});

afterEach(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true });
});

function fakeGetent(script: string): void {
  writeFileSync(join(directory, 'getent'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, 'getent'), 0o755);
  process.env.PATH = `${directory}:${path}`;
}

const withoutTime = (answers: readonly FamilyAnswer[]) =>
  answers.map(({ elapsedMs, ...rest }) => {
    expect(elapsedMs).toBeGreaterThanOrEqual(0);
    return rest;
  });

describe('resolveSystem', () => {
  it('asks both families of the real resolver, here by /etc/hosts', async () => {
    const answers = await resolveSystem('localhost', { timeoutMs: 5000 });
    expect(withoutTime(answers)[0]).toEqual({
      family: 4,
      kind: 'addresses',
      addresses: ['127.0.0.1'],
      droppedCount: 0,
    });
  });

  it('drops duplicates and IPv4-mapped addresses, and keeps the order', async () => {
    fakeGetent(`case $1 in
ahostsv4) printf '203.0.113.9 STREAM x\\n203.0.113.9 DGRAM\\n203.0.113.1 STREAM\\n';;
*) printf '2001:DB8::9 STREAM x\\n::ffff:203.0.113.9 STREAM\\n2001:db8:0::1 DGRAM\\n2001:db8::9 RAW\\n';;
esac`);
    expect(withoutTime(await resolveSystem('vpn.example', { timeoutMs: 5000 }))).toEqual([
      { family: 4, kind: 'addresses', addresses: ['203.0.113.9', '203.0.113.1'], droppedCount: 0 },
      { family: 6, kind: 'addresses', addresses: ['2001:db8::9', '2001:db8::1'], droppedCount: 0 },
    ]);
  });

  it('says that an IPv4-only name has no IPv6 address', async () => {
    fakeGetent(
      `case $1 in ahostsv4) echo '203.0.113.9 STREAM x';; *) echo '::ffff:203.0.113.9 STREAM x';; esac`,
    );
    const [v4, v6] = await resolveSystem('vpn.example', { timeoutMs: 5000 });
    expect(v4).toMatchObject({ kind: 'addresses' });
    expect(v6).toMatchObject({ family: 6, kind: 'no-address' });
  });

  it('delivers the fast family at once and gives up the slow one at the time-out', async () => {
    fakeGetent(`case $1 in ahostsv4) echo '203.0.113.9 STREAM x';; *) exec sleep 60;; esac`);
    const seen: string[] = [];
    const startedMs = performance.now();
    const answers = await resolveSystem('vpn.example', {
      timeoutMs: 1500,
      onAnswer: (answer) => {
        seen.push(
          `${answer.family} ${answer.kind} ${performance.now() - startedMs < 1400 ? 'early' : 'late'}`,
        );
      },
    });
    expect(seen).toEqual(['4 addresses early', '6 timed-out late']);
    expect(answers.map((answer) => answer.kind)).toEqual(['addresses', 'timed-out']);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('ends at once when aborted', async () => {
    fakeGetent('exec sleep 60');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const startedMs = performance.now();
    const answers = await resolveSystem('vpn.example', { timeoutMs: 30_000, signal: controller.signal });
    expect(answers.map((answer) => answer.kind)).toEqual(['failed', 'failed']);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('keeps at most 64 addresses and says how many it dropped', async () => {
    fakeGetent(`i=1; while [ $i -le 100 ]; do echo "203.0.113.$i STREAM"; i=$((i+1)); done`);
    const [v4] = await resolveSystem('vpn.example', { timeoutMs: 5000 });
    expect(v4).toMatchObject({ kind: 'addresses', droppedCount: 36 });
    expect(v4?.kind === 'addresses' && v4.addresses.at(-1)).toBe('203.0.113.64');
  });

  it('survives garbage', async () => {
    fakeGetent(`head -c 100000 /dev/urandom`);
    const [v4] = await resolveSystem('vpn.example', { timeoutMs: 5000 });
    expect(v4).toMatchObject({ kind: 'no-address' });
  });

  it('does not give getent what is no host name', async () => {
    fakeGetent(`touch ${directory}/called`);
    const answers = await resolveSystem('--help', { timeoutMs: 5000 });
    expect(answers.map((answer) => answer.kind)).toEqual(['failed', 'failed']);
    expect(existsSync(join(directory, 'called'))).toBe(false);
  });

  it('answers for a literal address itself', async () => {
    fakeGetent('exit 9');
    expect(withoutTime(await resolveSystem('2001:DB8::1', { timeoutMs: 5000 }))).toEqual([
      { family: 4, kind: 'no-address' },
      { family: 6, kind: 'addresses', addresses: ['2001:db8::1'], droppedCount: 0 },
    ]);
  });

  it('uses the look-up of Node where getent is missing', async () => {
    process.env.PATH = directory;
    const [v4] = await resolveSystem('localhost', { timeoutMs: 20_000 });
    expect(v4).toMatchObject({ family: 4, kind: 'addresses', addresses: ['127.0.0.1'] });
  });
});

describe('readGetent', () => {
  const exited = (code: number) =>
    ({ kind: 'exited', code, stdout: '', stderr: '', truncated: false }) as const;

  it('knows how getent ends', () => {
    expect(readGetent(exited(2), 4)).toEqual({ kind: 'no-address' });
    expect(readGetent(exited(3), 4)).toMatchObject({ kind: 'failed' });
    expect(readGetent(exited(0), 4)).toEqual({ kind: 'no-address' });
    expect(readGetent({ kind: 'timed-out' }, 4)).toEqual({ kind: 'timed-out' });
    expect(readGetent({ kind: 'failed', detail: 'EAGAIN' }, 4)).toMatchObject({ kind: 'failed' });
  });
});
