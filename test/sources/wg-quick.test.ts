import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWgQuickDirectory } from '../../src/sources/wg-quick.ts';
import { parseWgQuick } from '../../src/sources/wg-quick-file.ts';

const makeKey = (): string => randomBytes(32).toString('base64');
const from = { file: '/etc/wireguard/wg0.conf', interfaceName: 'wg0' };
const [own, one, two, shared] = [makeKey(), makeKey(), makeKey(), makeKey()];

const article = `[Interface]
PrivateKey = ${own}
Address = 172.25.1.2/24,fd08:5771:2371::2/64
ListenPort=33125
FwMark = 0xca6c
SaveConfig = true
PostUp = iptables -A FORWARD -i %i -j ACCEPT # a hook

[Peer]
# home
PublicKey = ${one}
PresharedKey = ${shared}
AllowedIPs = 172.25.1.1/24,fd08:5771:2371::1/64
allowedips = 10.1.0.0/16
PersistentKeepalive = 20 # seconds
Endpoint = my-wireguard-peer.mydomain.tld:51820

[peer]
PUBLICKEY=${two}
Endpoint = [2001:db8::1]:51821
PersistentKeepalive = off
`;

describe('parseWgQuick', () => {
  it('reads the whole file as wg and wg-quick do', () => {
    expect(parseWgQuick(article, from)).toEqual({
      file: from.file,
      interface: 'wg0',
      saveConfig: true,
      interfaceAddresses: ['172.25.1.2/24', 'fd08:5771:2371::2/64'],
      listenPort: 33125,
      fwMark: 0xca6c,
      peers: [
        {
          publicKey: one,
          endpoint: { host: 'my-wireguard-peer.mydomain.tld', port: 51820 },
          allowedIps: ['172.25.1.1/24', 'fd08:5771:2371::1/64', '10.1.0.0/16'],
          persistentKeepaliveS: 20,
          file: from.file,
          line: 9,
        },
        {
          publicKey: two,
          endpoint: { host: '2001:db8::1', port: 51821 },
          allowedIps: [],
          persistentKeepaliveS: 0,
          file: from.file,
          line: 18,
        },
      ],
      problems: [],
    });
  });

  it('keeps no private or preshared key, not even of a mistyped line', () => {
    const sloppy = `${article}[Interface]\nPrivatKey = ${own}\nPrivateKey ${own}\n[Peer]\nPublicKey = ${own.slice(1)}\n`;
    const text = JSON.stringify(parseWgQuick(sloppy, from));
    expect(text).toContain(one);
    expect(text).not.toContain(own.slice(1, 20));
    expect(text).not.toContain(shared);
    expect(text).not.toContain('iptables');
  });

  it('takes white space wherever wg and wg-quick take it', () => {
    const file = parseWgQuick(
      `[Interface]\nAddress = 10.0.0.1/24, 10.0.1.1/24  fd00::1/64\nAddress = 10.0.2.1/24\n[Peer]\nPublicKey=${one}\nAllowedIPs = 10.0.0.2/32 , fd00::2 / 128\nEndpoint = vpn.example : 51820\n`,
      from,
    );
    expect(file.interfaceAddresses).toEqual(['10.0.0.1/24', '10.0.1.1/24', 'fd00::1/64', '10.0.2.1/24']);
    expect(file.peers[0]).toMatchObject({
      allowedIps: ['10.0.0.2/32', 'fd00::2/128'],
      endpoint: { host: 'vpn.example', port: 51820 },
    });
    expect(file.problems).toEqual([]);
  });

  it.each([
    ['no key', 'Endpoint = vpn.example:51820', 1, /no PublicKey/],
    ['a bad key', 'PublicKey = abc', 2, /3 characters/],
    ['no port', `PublicKey = ${two}\nEndpoint = vpn.example`, 3, /host:port/],
    ['port 0', `PublicKey = ${two}\nEndpoint = vpn.example:0`, 3, /no port/],
    ['an empty host', `PublicKey = ${two}\nEndpoint = :51820`, 3, /host:port/],
    ['a bad host', `PublicKey = ${two}\nEndpoint = a b.-c:51820`, 3, /hyphen/],
  ])('leaves out a peer with %s, names the line, and reads the next', (_what, body, line, reason) => {
    const file = parseWgQuick(`[Peer]\n${body}\n[Peer]\nPublicKey = ${one}\nEndpoint = x.example:1\n`, from);
    expect(file.peers.map((peer) => peer.publicKey)).toEqual([one]);
    expect(file.problems).toEqual([{ file: from.file, line, reason: expect.stringMatching(reason) }]);
  });

  it('keeps a peer of which only a lesser line is wrong', () => {
    const file = parseWgQuick(
      `[Peer]\nPublicKey = ${one}\nAllowedIPs = 10.0.0.1/32, 10.0.0.300, x\nPersistentKeepalive = often\n`,
      from,
    );
    expect(file.peers).toMatchObject([
      { publicKey: one, allowedIps: ['10.0.0.1/32'], persistentKeepaliveS: 0 },
    ]);
    expect(file.problems.map((problem) => problem.line)).toEqual([3, 3, 4]);
  });

  it('never throws', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '[Peer]\n',
        '[Interface]\n',
        '\n',
        `PublicKey=${one}\n`,
        'Endpoint=',
        'Address=',
        'FwMark=',
        'AllowedIPs=',
      ),
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          for (const peer of parseWgQuick(text, from).peers) expect(peer.publicKey).toBe(one);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('readWgQuickDirectory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'wg-reach-conf-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('reads every usable file and says why the others are not', async () => {
    writeFileSync(join(directory, 'wg0.conf'), article);
    writeFileSync(join(directory, 'bytes.conf'), randomBytes(4096));
    writeFileSync(join(directory, 'notes.txt'), article);
    writeFileSync(join(directory, 'a-name-much-too-long.conf'), article);
    mkdirSync(join(directory, 'dir.conf'));
    symlinkSync('/nonexistent', join(directory, 'link.conf'));
    symlinkSync(join(directory, 'wg0.conf'), join(directory, 'wg1.conf'));
    // Opening it would wait for ever.
    execFileSync('mkfifo', [join(directory, 'pipe.conf')]);
    writeFileSync(join(directory, 'big.conf'), '');
    truncateSync(join(directory, 'big.conf'), 17 * 1024 * 1024);

    const found = await readWgQuickDirectory(directory);
    if (found.kind !== 'ok') throw new Error(found.kind);
    expect(found.files.map((file) => [file.interface, file.peers.length])).toEqual([
      ['bytes', 0],
      ['wg0', 2],
      ['wg1', 2],
    ]);
    const reasons = found.unreadable.map(({ file, reason }) => [file.slice(directory.length + 1), reason]);
    expect(reasons).toEqual([
      ['a-name-much-too-long.conf', expect.stringContaining('15 characters')],
      ['big.conf', expect.stringContaining('larger')],
      ['dir.conf', expect.stringContaining('regular')],
      ['link.conf', expect.stringContaining('does not exist')],
      ['pipe.conf', expect.stringContaining('regular')],
    ]);
  });

  it('tells a missing directory from one that is none', async () => {
    expect(await readWgQuickDirectory(join(directory, 'none'))).toMatchObject({ kind: 'missing' });
    writeFileSync(join(directory, 'file'), '');
    expect(await readWgQuickDirectory(join(directory, 'file'))).toMatchObject({
      kind: 'unreadable',
      reason: 'it is not a directory',
    });
  });
});
