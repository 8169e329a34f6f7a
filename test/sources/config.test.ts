import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtInDefaults, emptyConfig, readConfig } from '../../src/sources/config.ts';

const makeKey = (): string => randomBytes(32).toString('base64');
const [one, two] = [makeKey(), makeKey()];

describe('readConfig', () => {
  let root: string;
  let file: string;
  let directory: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'wg-reach-config-'));
    file = join(root, 'wg-reach.toml');
    directory = join(root, 'wg-reach.d');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });
  const read = (fileRequired = false) => readConfig({ file, directory, fileRequired });
  const addPart = (name: string, text: string | Buffer): string => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };

  it('needs neither file nor directory, unless the user named the file', async () => {
    expect(await read()).toEqual({ kind: 'ok', config: emptyConfig, files: [] });
    expect(await readConfig({ file, directory: null, fileRequired: false })).toMatchObject({ kind: 'ok' });
    expect(await read(true)).toEqual({
      kind: 'unreadable',
      problems: [{ file, line: null, message: expect.stringContaining('no such file') }],
    });
  });

  it('joins the files in the order of their names; later defaults win key by key', async () => {
    writeFileSync(file, `[defaults]\nprofile = "fast"\nprefer = "ipv4"\n[[peer]]\npublic_key = "${one}"\n`);
    const late = addPart('20-late.toml', '[defaults]\nprefer = "listed"\n');
    const early = addPart(
      '10-early.toml',
      `[defaults]\nprefer = "ipv6"\nprofile = "metered"\n[[peer]]\npublic_key = "${two}"\n`,
    );
    addPart('.hidden.toml', 'nonsense');
    addPart('notes.txt', 'nonsense');
    addPart('30-old.toml.bak', 'nonsense');
    const result = await read();
    expect(result).toMatchObject({
      kind: 'ok',
      files: [file, early, late],
      config: {
        defaults: {
          profile: 'metered',
          prefer: 'listed',
          failback: builtInDefaults.failback,
          handshakeProbe: 'off',
        },
        peers: [
          { publicKey: one, place: { file, line: 4 } },
          { publicKey: two, place: { file: early, line: 4 } },
        ],
      },
    });
  });

  it('refuses the same peer twice and names both places', async () => {
    writeFileSync(file, `[[peer]]\ninterface = "wg0"\npublic_key = "${one}"\n`);
    const part = addPart('a.toml', `\n[[peer]]\npublic_key = "${one}"\ninterface = "wg0"\n`);
    expect(await read()).toEqual({
      kind: 'invalid',
      problems: [{ file: part, line: 2, message: expect.stringContaining(`${file}:1`) }],
    });
  });

  it('refuses the same key twice without an interface, but takes it once for each interface and once without', async () => {
    const peer = (extra: string) => `[[peer]]\npublic_key = "${one}"\n${extra}\n`;
    writeFileSync(file, `${peer('interface = "wg0"')}${peer('interface = "wg1"')}${peer('')}`);
    expect(await read()).toMatchObject({ kind: 'ok' });
    writeFileSync(file, `${peer('')}${peer('')}`);
    expect(await read()).toMatchObject({
      kind: 'invalid',
      problems: [{ line: 4, message: expect.stringMatching(`without an interface.*${file}:1`) }],
    });
  });

  it('tells the problems of all files, those that cannot be read as well', async () => {
    writeFileSync(file, 'x = 1\n');
    addPart('a.toml', '\n\ny = 1\n');
    symlinkSync('/nonexistent', join(directory, 'b.toml'));
    const result = await read();
    expect(result.kind).toBe('invalid');
    const problems = result.kind === 'ok' ? [] : result.problems;
    expect(problems.map((problem) => [problem.file.slice(root.length + 1), problem.line])).toEqual([
      ['wg-reach.d/b.toml', null],
      ['wg-reach.toml', 1],
      ['wg-reach.d/a.toml', 3],
    ]);
  });

  it.each<[string, RegExp, () => void]>([
    ['a directory', /regular file/, () => mkdirSync(file)],
    ['a named pipe', /regular file/, () => execFileSync('mkfifo', [file])],
    ['a link to nothing', /does not exist/, () => symlinkSync(join(root, 'nothing'), file)],
    ['a link to itself', /back to itself/, () => symlinkSync(file, file)],
    [
      'below a file',
      /not a directory/,
      () => {
        writeFileSync(join(root, 'plain'), '');
        file = join(root, 'plain', 'wg-reach.toml');
      },
    ],
  ])('says that %s cannot be read', async (_what, reason, make) => {
    make();
    expect(await read()).toEqual({
      kind: 'unreadable',
      problems: [{ file, line: null, message: expect.stringMatching(reason) }],
    });
  });

  it('says that the directory is none', async () => {
    writeFileSync(directory, '');
    expect(await read()).toMatchObject({ kind: 'unreadable', problems: [{ file: directory }] });
  });

  it('reads a file of the greatest size and refuses one that is larger, whatever the size it claims', async () => {
    const limit = 4 * 1024 * 1024;
    writeFileSync(file, `#${'x'.repeat(limit - 1)}`);
    expect(await read()).toMatchObject({ kind: 'ok' });
    truncateSync(file, limit + 1);
    expect(await read()).toMatchObject({
      kind: 'invalid',
      problems: [{ line: null, message: expect.stringContaining(`larger than ${limit} bytes`) }],
    });
    // The kernel's own files claim to be empty.
    file = '/proc/self/status';
    expect(await read()).toMatchObject({ kind: 'invalid', problems: [{ line: 1 }] });
  });

  it('names the line of bytes that are no text', async () => {
    writeFileSync(file, Buffer.concat([Buffer.from('# é\n\n# '), Buffer.from([0xe9]), Buffer.from('\n')]));
    expect(await read()).toMatchObject({ kind: 'invalid', problems: [{ line: 3, message: /UTF-8/ }] });
    // As an editor of another system may write it.
    writeFileSync(file, Buffer.from('\ufeff[defaults]\n', 'utf16le'));
    expect(await read()).toMatchObject({ kind: 'invalid', problems: [{ line: 1 }] });
  });

  it('takes ten thousand peers', async () => {
    const peers = Array.from(
      { length: 10_000 },
      () => `[[peer]]\npublic_key = "${makeKey()}"\nendpoints = ["a.example:1"]\n`,
    );
    writeFileSync(file, peers.join('\n'));
    const result = await read();
    expect(result.kind === 'ok' ? result.config.peers : []).toHaveLength(peers.length);
    expect(result.kind === 'ok' ? result.config.peers.at(-1)?.place.line : 0).toBe(
      (peers.length - 1) * 4 + 1,
    );
  });

  it('never throws, whatever bytes are there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), async (a, b) => {
        writeFileSync(file, a);
        addPart('a.toml', Buffer.from(b));
        const result = await read();
        if (result.kind === 'ok') expect(result.config.peers).toEqual([]);
        else expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
