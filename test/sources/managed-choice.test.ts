import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideManaged } from '../../src/sources/managed.ts';
import { config, inShort, literal, live, named, one, peer, three, two, wgQuick } from './managed-world.ts';

describe('decideManaged', () => {
  it.each<[string, Record<string, string>, string, Record<string, string[]>, string[]]>([
    ['a literal in the file', { wg0: literal }, '', { wg0: [one] }, ['wg0 one: no-host-name']],
    [
      'a literal that is configured, too',
      { wg0: literal },
      peer('endpoints = ["file"]'),
      { wg0: [one] },
      ['wg0 one: 203.0.113.1:51820'],
    ],
    [
      'a literal and only other settings',
      { wg0: literal },
      peer('profile = "fast"'),
      { wg0: [one] },
      ['wg0 one: no-host-name'],
    ],
    ['no Endpoint', { wg0: `[Peer]\nPublicKey = ${one}\n` }, '', { wg0: [one] }, ['wg0 one: no-host-name']],
    ['no file and no configuration', {}, '', { wg0: [one] }, ['wg0 one: no-host-name']],
    ['no file, "file" alone', {}, peer('endpoints = ["file"]'), { wg0: [one] }, ['wg0 one: no-host-name']],
    [
      'no file, "file" and another',
      {},
      peer('endpoints = ["file", "[2001:db8::1]:1"]'),
      { wg0: [one] },
      ['wg0 one: [2001:db8::1]:1'],
    ],
    [
      'endpoints instead of the file',
      { wg0: named },
      peer('endpoints = ["b.example:2"]'),
      { wg0: [one] },
      ['wg0 one: b.example:2'],
    ],
    [
      'endpoints around the file, some twice',
      { wg0: named },
      peer('endpoints = ["b.example:2", "file", "VPN.example:51820", "b.example:3", "B.example:2"]'),
      { wg0: [one] },
      ['wg0 one: b.example:2 vpn.example:51820 b.example:3'],
    ],
    ['manage = false', { wg0: named }, peer('manage = false'), { wg0: [one] }, ['wg0 one: manage-false']],
    [
      'manage = false, and absent besides',
      { wg0: named },
      peer('manage = false'),
      {},
      ['wg0 one: manage-false'],
    ],
    ['an interface that is down', { wg0: named }, '', {}, ['wg0 one: interface-absent']],
    [
      'a peer that the interface has not',
      { wg0: named },
      '',
      { wg0: [two] },
      ['wg0 two: no-host-name', 'wg0 one: peer-absent'],
    ],
    [
      'the peer of a file on another interface',
      { wg0: named },
      '',
      { wg1: [one] },
      ['wg1 one: no-host-name', 'wg0 one: interface-absent'],
    ],
    [
      'a configured interface that is down',
      {},
      peer('interface = "wg9"\nendpoints = ["b.example:2"]'),
      { wg0: [two] },
      ['wg0 two: no-host-name', 'wg9 one: interface-absent'],
    ],
    [
      'a configured peer that its interface has not',
      {},
      peer('interface = "wg0"\nendpoints = ["b.example:2"]'),
      { wg0: [two] },
      ['wg0 two: no-host-name', 'wg0 one: peer-absent'],
    ],
    [
      'a configured key that no interface has',
      {},
      peer('endpoints = ["b.example:2"]'),
      { wg0: [two] },
      ['wg0 two: no-host-name', 'null one: peer-absent'],
    ],
    [
      'a configured key whose interface is down',
      { wg0: named },
      peer('profile = "fast"'),
      {},
      ['wg0 one: interface-absent'],
    ],
    [
      'a key without an interface, on two',
      {},
      peer('endpoints = ["b.example:2"]'),
      { wg0: [one], wg1: [one] },
      ['wg0 one: b.example:2', 'wg1 one: b.example:2'],
    ],
    [
      'a key with an interface, on another',
      {},
      peer('interface = "wg0"\nendpoints = ["b.example:2"]'),
      { wg1: [one] },
      ['wg1 one: no-host-name', 'wg0 one: interface-absent'],
    ],
    [
      'a key with and without an interface',
      {},
      `${peer('endpoints = ["b.example:2"]')}${peer('interface = "wg1"\nmanage = false')}`,
      { wg0: [one], wg1: [one] },
      ['wg0 one: b.example:2', 'wg1 one: manage-false'],
    ],
    ['twice the same', { wg0: `${named}${named}` }, '', { wg0: [one] }, ['wg0 one: vpn.example:51820']],
    [
      'once with and once without an Endpoint',
      { wg0: `${named}[Peer]\nPublicKey = ${one}\n` },
      '',
      { wg0: [one] },
      ['wg0 one: vpn.example:51820'],
    ],
    ['twice and differently', { wg0: `${named}${literal}` }, '', { wg0: [one] }, ['wg0 one: listed-twice']],
    [
      'twice and differently, but absent',
      { wg0: `${named}${literal}` },
      '',
      {},
      ['wg0 one: interface-absent'],
    ],
    [
      'twice and differently, but configured',
      { wg0: `${named}${literal}` },
      peer('endpoints = ["b.example:2"]'),
      { wg0: [one] },
      ['wg0 one: b.example:2'],
    ],
    [
      'twice and differently, and "file"',
      { wg0: `${named}${literal}` },
      peer('endpoints = ["file"]'),
      { wg0: [one] },
      ['wg0 one: listed-twice'],
    ],
    [
      'several peers',
      {
        wg0: `${named}${literal.replaceAll(one, two)}[Peer]\nPublicKey = ${three}\nEndpoint = c.example:3\n`,
      },
      '',
      { wg0: [one, two, three] },
      ['wg0 one: vpn.example:51820', 'wg0 three: c.example:3', 'wg0 two: no-host-name'],
    ],
  ])('decides about %s', (_what, files, text, interfaces, expected) => {
    const decision = decideManaged({ wgQuick: wgQuick(files), config: config(text), live: live(interfaces) });
    expect(inShort(decision)).toEqual(expected);
  });

  it('never manages a peer without a name or a configured candidate, and puts each in exactly one list', () => {
    const key = fc.constantFrom(one, two, three);
    const interfaceName = fc.constantFrom('wg0', 'wg1');
    const endpoint = fc.constantFrom(
      '',
      'Endpoint = a.example:1\n',
      'Endpoint = b.example:2\n',
      'Endpoint = 192.0.2.1:1\n',
    );
    const listing = fc
      .tuple(key, endpoint)
      .map(([publicKey, line]) => `[Peer]\nPublicKey = ${publicKey}\n${line}`);
    const entry = fc.record({
      publicKey: key,
      interface: fc.option(interfaceName),
      endpoints: fc.constantFrom(
        '',
        'endpoints = ["file"]\n',
        'endpoints = ["file", "c.example:3"]\n',
        'endpoints = ["192.0.2.2:2"]\n',
      ),
      manage: fc.constantFrom('', '', 'manage = false\n'),
    });
    const world = fc.record({
      files: fc.dictionary(interfaceName, fc.array(listing, { maxLength: 4 })),
      entries: fc.uniqueArray(entry, {
        selector: (each) => `${each.interface} ${each.publicKey}`,
        maxLength: 4,
      }),
      interfaces: fc.dictionary(interfaceName, fc.uniqueArray(key)),
    });
    fc.assert(
      fc.property(world, ({ files, entries, interfaces }) => {
        const texts = Object.fromEntries(
          Object.entries(files).map(([name, parts]) => [name, parts.join('')]),
        );
        const text = entries
          .map((each) =>
            peer(
              `${each.interface === null ? '' : `interface = "${each.interface}"\n`}${each.endpoints}${each.manage}`,
              each.publicKey,
            ),
          )
          .join('');
        const { managed, left } = decideManaged({
          wgQuick: wgQuick(texts),
          config: config(text),
          live: live(interfaces),
        });

        for (const each of managed) {
          expect(interfaces[each.interface]).toContain(each.publicKey);
          const about = entries.filter(({ publicKey }) => publicKey === each.publicKey);
          const counting =
            about.find((found) => found.interface === each.interface) ??
            about.find((found) => found.interface === null);
          const hasName = (files[each.interface] ?? []).some(
            (part) => part.includes(each.publicKey) && part.includes('.example'),
          );
          expect(hasName || (counting?.endpoints ?? '') !== '').toBe(true);
          expect(counting?.manage ?? '').toBe('');
          expect(each.sources.length).toBeGreaterThan(0);
        }
        const names = [...managed, ...left].map((each) => `${each.interface} ${each.publicKey}`);
        expect(new Set(names).size).toBe(names.length);
        for (const [name, keys] of Object.entries(interfaces)) {
          for (const each of keys) expect(names).toContain(`${name} ${each}`);
        }
        const written = [...Object.values(files).flat(), ...entries.map(({ publicKey }) => publicKey)].join();
        for (const each of [one, two, three]) {
          if (written.includes(each)) expect(names.some((name) => name.endsWith(each))).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
