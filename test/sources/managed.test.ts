import { describe, expect, it } from 'vitest';
import { decideManaged } from '../../src/sources/managed.ts';
import type { WgQuickDirectory } from '../../src/sources/wg-quick.ts';
import type { PeerFacts } from '../../src/wireguard/facts.ts';
import {
  config,
  configFile,
  literal,
  live,
  makeKey,
  named,
  one,
  peer,
  three,
  two,
  wgQuick,
} from './managed-world.ts';

describe('decideManaged', () => {
  it('manages a peer with a host name without any configuration', () => {
    const facts = { allowedIps: ['10.0.0.0/24'], persistentKeepaliveS: 25 };
    expect(
      decideManaged({
        wgQuick: wgQuick({ wg0: named }),
        config: config(''),
        live: live({ wg0: [[one, facts]] }),
      }),
    ).toEqual({
      managed: [
        {
          interface: 'wg0',
          publicKey: one,
          sources: [
            {
              host: { kind: 'name', name: 'vpn.example' },
              port: 51820,
              place: { file: '/etc/wireguard/wg0.conf', line: 1 },
            },
          ],
          allowedIpsWritten: ['10.0.0.1/24'],
          tunnelTargets: [],
          profile: 'balanced',
          profileExplicit: false,
          prefer: 'ipv6',
          failback: { kind: 'after', intervalMs: 600_000 },
          handshakeProbe: 'off',
          persistentKeepaliveS: 25,
        },
      ],
      left: [],
      warnings: [],
    });
  });

  it('takes a setting from the peer, then from the defaults, and remembers which', () => {
    const text = `[defaults]\nprofile = "metered"\nprefer = "ipv4"\n[[peer]]\npublic_key = "${one}"\nprofile = "fast"\nfailback = "never"\n`;
    const files = wgQuick({ wg0: named, wg1: named.replaceAll(one, two) });
    const { managed } = decideManaged({
      wgQuick: files,
      config: config(text),
      live: live({ wg0: [one], wg1: [two] }),
    });
    expect(managed).toMatchObject([
      { profile: 'fast', profileExplicit: true, prefer: 'ipv4', failback: { kind: 'never' } },
      { profile: 'metered', profileExplicit: false, prefer: 'ipv4', failback: { kind: 'after' } },
    ]);
  });

  it('says where a peer that is left alone is written, and what to do', () => {
    const text = `${peer('manage = false')}${peer('endpoints = ["b.example:2"]', two)}`;
    const files = wgQuick({ wg0: `[Interface]\n${literal.replaceAll(one, three)}` });
    const { left } = decideManaged({
      wgQuick: files,
      config: config(text),
      live: live({ wg0: [one, three] }),
    });
    expect(left).toEqual([
      expect.objectContaining({
        publicKey: one,
        place: { file: configFile, line: 1 },
        words: expect.stringContaining('manage = false'),
      }),
      expect.objectContaining({
        publicKey: three,
        place: { file: '/etc/wireguard/wg0.conf', line: 2 },
        words: expect.stringMatching(/address.*host name.*"endpoints"/),
      }),
      expect.objectContaining({
        publicKey: two,
        place: { file: configFile, line: 4 },
        words: expect.stringMatching(/no interface has this peer.*wg show/),
      }),
    ]);
  });

  it('names both lines of a peer that is listed twice', () => {
    const files = wgQuick({ wg0: `${named}${literal}` });
    const { left } = decideManaged({ wgQuick: files, config: config(''), live: live({ wg0: [one] }) });
    expect(left[0]?.words).toMatch(/wg0\.conf:1 and \/etc\/wireguard\/wg0\.conf:5/);
  });

  it('takes the inner addresses of the last listing, as wg does', () => {
    const files = wgQuick({ wg0: `${named}[Peer]\nPublicKey = ${one}\nAllowedIPs = 10.9.0.1/24\n` });
    const { managed, warnings } = decideManaged({
      wgQuick: files,
      config: config(''),
      live: live({ wg0: [one] }),
    });
    expect(managed[0]?.allowedIpsWritten).toEqual(['10.9.0.1/24']);
    expect(warnings).toEqual([expect.stringMatching(/wg0\.conf:5: .*line 1/)]);
  });

  it('drops tunnel targets that the interface sends elsewhere, with a warning', () => {
    const text = peer(
      'endpoints = ["b.example:2"]\ntunnel_target = ["10.0.0.9", "10.0.0.10", "fd00::1", "192.0.2.1"]',
    );
    const interfaces = live({
      wg0: [
        [one, { allowedIps: ['10.0.0.0/24', 'fd00::/64'], persistentKeepaliveS: 0 }],
        [two, { allowedIps: ['10.0.0.10/32', '10.0.0.0/16'], persistentKeepaliveS: 0 }],
      ],
    });
    const { managed, warnings } = decideManaged({
      wgQuick: wgQuick({}),
      config: config(text),
      live: interfaces,
    });
    expect(managed[0]?.tunnelTargets).toEqual(['10.0.0.9', 'fd00::1']);
    expect(warnings).toEqual([
      expect.stringMatching(/^\/etc\/wg-reach\.toml:1: .*10\.0\.0\.10 is not used/),
      expect.stringContaining('192.0.2.1 is not used'),
    ]);
  });

  it('warns of a "file" that adds nothing', () => {
    const text = peer('endpoints = [\n"file",\n"b.example:2"]');
    const { warnings } = decideManaged({
      wgQuick: wgQuick({}),
      config: config(text),
      live: live({ wg0: [one] }),
    });
    expect(warnings).toEqual([expect.stringMatching(/^\/etc\/wg-reach\.toml:4: "file" adds nothing/)]);
  });

  it('passes on what is wrong with the files, and goes on without them', () => {
    const unreadable = { file: '/etc/wireguard/wg1.conf', reason: 'no permission to read it; run as root' };
    const files = { ...wgQuick({ wg0: `${named}nonsense\n` }), unreadable: [unreadable] };
    const interfaces = live({ wg0: [one] });
    expect(decideManaged({ wgQuick: files, config: config(''), live: interfaces })).toMatchObject({
      managed: [{ publicKey: one }],
      warnings: [expect.stringContaining('wg1.conf'), expect.stringMatching(/wg0\.conf:5: /)],
    });
    const configured = config(peer('endpoints = ["b.example:2"]'));
    const missing: WgQuickDirectory = { kind: 'missing', directory: '/etc/wireguard' };
    expect(decideManaged({ wgQuick: missing, config: configured, live: interfaces })).toMatchObject({
      managed: [{}],
      warnings: [],
    });
    const closed: WgQuickDirectory = {
      kind: 'unreadable',
      directory: '/etc/wireguard',
      reason: 'no permission',
    };
    expect(decideManaged({ wgQuick: closed, config: configured, live: interfaces })).toMatchObject({
      managed: [{}],
      warnings: ['/etc/wireguard cannot be read: no permission'],
    });
  });

  it('is done soon with a thousand peers that all have a target', () => {
    const keys = Array.from({ length: 1_000 }, makeKey);
    const text = keys.map((key, index) =>
      peer(`endpoints = ["a.example:1"]\ntunnel_target = "10.0.${index >> 8}.${index & 255}"`, key),
    );
    const facts = keys.map((key, index): [string, PeerFacts] => [
      key,
      { allowedIps: [`10.0.${index >> 8}.${index & 255}/32`], persistentKeepaliveS: 0 },
    ]);
    const input = { wgQuick: wgQuick({}), config: config(text.join('')), live: live({ wg0: facts }) };
    const startedMs = performance.now();
    const { managed } = decideManaged(input);
    // A tenth of a second on an idle machine.
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(managed.map((each) => each.tunnelTargets.length)).toEqual(keys.map(() => 1));
  });
});
