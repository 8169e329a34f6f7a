import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isState, type State } from '../../src/store/state.ts';
import { loadState, saveState } from '../../src/store/state-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wg-reach-state-'));
  file = join(directory, 'state.json');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const peer = `wg0 ${randomBytes(32).toString('base64')}`;
const state: State = {
  version: 1,
  peers: {
    [peer]: {
      failback: { '[2001:db8::1]:51820': { lastTriedAtMs: 1_795_300_000_123, failures: 2 } },
      failedTrials: { '203.0.113.1:51820': 1_795_300_000_100 },
      unlisted: { endpoint: '203.0.113.9:51820', sinceMs: 1_795_300_000_000 },
    },
  },
};

describe('saveState and loadState', () => {
  it('read back what was saved, in a directory that did not exist', async () => {
    const deep = join(directory, 'a', 'b');
    expect(await loadState(deep)).toEqual({ kind: 'empty' });
    expect(await saveState(deep, state)).toEqual({ kind: 'ok' });
    expect(await loadState(deep)).toEqual({ kind: 'ok', state });
    expect(statSync(join(deep, 'state.json')).mode & 0o777).toBe(0o600);
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    expect(readdirSync(deep)).toEqual(['state.json']);
  });

  it('keep fields of a newer version', async () => {
    const newer = { ...state, later: [1], peers: { [peer]: { ...state.peers[peer], colour: 'blue' } } };
    expect(await saveState(directory, newer)).toEqual({ kind: 'ok' });
    expect(await loadState(directory)).toEqual({ kind: 'ok', state: newer });
  });

  it('set a file of a newer version aside under a name of its own, untouched', async () => {
    const newer = '{"version": 7, "tunnels": ["all different"]}';
    writeFileSync(file, newer);
    expect(await loadState(directory)).toEqual({ kind: 'newer', movedTo: `${file}.version-7` });
    expect(readFileSync(`${file}.version-7`, 'utf8')).toBe(newer);
    expect(await saveState(directory, state)).toEqual({ kind: 'ok' });
    expect(await loadState(directory)).toEqual({ kind: 'ok', state });
    expect(readFileSync(`${file}.version-7`, 'utf8')).toBe(newer);
  });

  it.each(['0', '-1', '1.5', '"2"', 'null', '1e400', '[2]'])(
    'take a version of %s for damage',
    async (version) => {
      writeFileSync(file, `{"version": ${version}, "peers": {}}`);
      expect(await loadState(directory)).toEqual({ kind: 'damaged', movedTo: `${file}.damaged` });
    },
  );

  it('survive truncation at any byte', async () => {
    await saveState(directory, state);
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(file, whole.subarray(0, length));
      const loaded = await loadState(directory);
      // The last byte is the closing line feed.
      if (length === whole.length - 1) {
        expect(loaded).toEqual({ kind: 'ok', state });
        continue;
      }
      expect(loaded, `${length} bytes`).toEqual({ kind: 'damaged', movedTo: `${file}.damaged` });
      expect(existsSync(file)).toBe(false);
    }
    expect(readdirSync(directory).sort()).toEqual(['state.json', 'state.json.damaged']);
  });

  it('survive any one damaged byte', async () => {
    await saveState(directory, state);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x40;
      writeFileSync(file, damaged);
      const loaded = await loadState(directory);
      expect(['ok', 'damaged']).toContain(loaded.kind);
      if (loaded.kind === 'ok') expect(isState(loaded.state)).toBe(true);
    }
  });

  it('replace the file at once: a reader never sees a part', async () => {
    const big: State = {
      version: 1,
      peers: Object.fromEntries(
        Array.from({ length: 2000 }, (_, index) => [
          `wg0 ${index}`,
          { failedTrials: { '203.0.113.1:51820': index } },
        ]),
      ),
    };
    await saveState(directory, state);
    let saving = true;
    const writers = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let round = 0; round < 5; round += 1) {
          expect(await saveState(directory, (writer + round) % 2 === 0 ? big : state)).toEqual({
            kind: 'ok',
          });
        }
      }),
    ).finally(() => {
      saving = false;
    });
    let reads = 0;
    while (saving) {
      const loaded = await loadState(directory);
      expect(loaded.kind).toBe('ok');
      reads += 1;
    }
    await writers;
    expect(reads).toBeGreaterThan(1);
    expect(readdirSync(directory)).toEqual(['state.json']);
  });

  it('sweep up after a writer that died, but not after one at work', async () => {
    const old = join(directory, '.state.json.0123456789ab');
    const young = join(directory, '.state.json.ba9876543210');
    writeFileSync(old, '{');
    writeFileSync(young, '{');
    const twoHoursAgo = Date.now() / 1000 - 7200;
    utimesSync(old, twoHoursAgo, twoHoursAgo);
    await saveState(directory, state);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  it('say what is wrong instead of failing', async () => {
    writeFileSync(join(directory, 'plain'), '');
    expect(await saveState(join(directory, 'plain', 'below'), state)).toMatchObject({ kind: 'unwritable' });
    expect(await loadState(join(directory, 'plain'))).toMatchObject({ kind: 'unreadable' });
    mkdirSync(file);
    expect(await loadState(directory)).toMatchObject({ kind: 'unreadable' });
    expect(await saveState(directory, state)).toMatchObject({ kind: 'unwritable' });
    expect(readdirSync(directory).sort()).toEqual(['plain', 'state.json']);
  });
});

describe('isState', () => {
  it.each([
    null,
    [],
    1,
    {},
    { version: 1 },
    { version: 2, peers: {} },
    { version: 1, peers: [] },
    { version: 1, peers: { a: 1 } },
    { version: 1, peers: { a: { unlisted: { endpoint: 'e', sinceMs: '1' } } } },
    { version: 1, peers: { a: { unlisted: { endpoint: 'e', sinceMs: -1 } } } },
    { version: 1, peers: { a: { unlisted: { sinceMs: 1 } } } },
    { version: 1, peers: { a: { unlisted: 1 } } },
    { version: 1, peers: { a: { failedTrials: { e: 'x' } } } },
    { version: 1, peers: { a: { failback: [] } } },
    { version: 1, peers: { a: { failback: { e: { lastTriedAtMs: 1 } } } } },
    { version: 1, peers: { a: { failback: { e: { lastTriedAtMs: 1, failures: 0.5 } } } } },
  ])('refuses %j', (value) => {
    expect(isState(value)).toBe(false);
  });

  it('never throws, whatever the file holds', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => typeof isState(value) === 'boolean'));
  });
});
