import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EchoTargetInput, echoTargets } from '../../src/sources/echo-targets.ts';

const nothing: EchoTargetInput = {
  allowedIpsWritten: [],
  allowedIpsLive: [],
  otherPeers: [],
  ownAddresses: [],
};
const addresses = (input: Partial<EchoTargetInput>): string[] =>
  echoTargets({ ...nothing, ...input }).map(({ address, guess }) => (guess ? `guess ${address}` : address));

describe('echoTargets', () => {
  it('finds the article’s peer by the addresses written in its file', () => {
    expect(
      addresses({
        allowedIpsWritten: ['172.25.1.1/24', 'fd08:5771:2371::1/64'],
        allowedIpsLive: ['172.25.1.0/24', 'fd08:5771:2371::/64'],
        ownAddresses: ['172.25.1.2/24', 'fd08:5771:2371::2/64', '192.168.0.2'],
      }),
    ).toEqual(['172.25.1.1', 'fd08:5771:2371::1']);
  });

  it('takes single addresses, after those written with a mask', () => {
    expect(
      addresses({
        allowedIpsWritten: ['10.9.0.7/32', '10.8.0.1/24'],
        allowedIpsLive: ['10.9.0.7/32', '10.8.0.0/24', 'fd00::7/128'],
      }),
    ).toEqual(['10.8.0.1', '10.9.0.7', 'fd00::7']);
  });

  it('guesses only if there is nothing better', () => {
    expect(addresses({ allowedIpsLive: ['10.8.0.0/24'] })).toEqual(['guess 10.8.0.1']);
    expect(addresses({ allowedIpsLive: ['10.8.0.0/24', '10.9.0.7/32'] })).toEqual(['10.9.0.7']);
    expect(addresses({ allowedIpsLive: ['10.0.0.0/8', 'fd00::/8'] })).toEqual([]);
  });

  it('guesses the second address where the first is ours', () => {
    expect(addresses({ allowedIpsLive: ['10.8.0.0/24'], ownAddresses: ['10.8.0.1/24'] })).toEqual([
      'guess 10.8.0.2',
    ]);
  });

  it('guesses the first address of our inner subnet for a full tunnel', () => {
    expect(
      addresses({
        allowedIpsWritten: ['0.0.0.0/0', '::/0'],
        allowedIpsLive: ['0.0.0.0/0', '::/0'],
        ownAddresses: ['10.77.0.2/24', 'fd77::2/64', '192.168.0.2'],
      }),
    ).toEqual(['guess 10.77.0.1', 'guess fd77::1']);
    expect(
      addresses({ allowedIpsLive: ['0.0.0.0/0'], ownAddresses: ['10.77.0.2/32', '192.168.0.2'] }),
    ).toEqual([]);
  });

  it('knows that a /31 and a /127 have two hosts', () => {
    expect(
      addresses({
        allowedIpsLive: ['10.0.0.0/31', 'fd00::/127'],
        ownAddresses: ['10.0.0.1/31', 'fd00::1/127'],
      }),
    ).toEqual(['guess 10.0.0.0', 'guess fd00::']);
  });

  it('does not take our own address, nor one of another peer', () => {
    expect(
      addresses({
        allowedIpsWritten: ['10.77.0.2/24'],
        allowedIpsLive: ['10.77.0.0/24'],
        ownAddresses: ['10.77.0.2/24'],
      }),
    ).toEqual(['guess 10.77.0.1']);
    expect(
      addresses({
        allowedIpsWritten: ['10.77.0.1/24'],
        allowedIpsLive: ['10.77.0.0/24'],
        otherPeers: [['10.77.0.1/32'], ['10.77.0.2/32']],
      }),
    ).toEqual([]);
  });

  it('takes nothing that the interface does not send to this peer now', () => {
    expect(addresses({ allowedIpsWritten: ['10.77.0.1/32', '10.78.0.1/24'] })).toEqual([]);
  });

  it('stops at four', () => {
    const many = Array.from({ length: 9 }, (_, index) => `10.0.0.${index + 1}/32`);
    expect(addresses({ allowedIpsLive: many })).toEqual(
      many.slice(0, 4).map((text) => text.replace('/32', '')),
    );
  });

  it('skips what it cannot read', () => {
    expect(
      addresses({ allowedIpsWritten: ['x', '', '10.0.0.1/99'], allowedIpsLive: ['(none)', '10.0.0.5/32'] }),
    ).toEqual(['10.0.0.5']);
  });
});

/** A small world, so that prefixes of different owners meet. */
const v4 = fc
  .tuple(
    fc.constantFrom('10.0.0', '10.0.1', '127.0.0', '224.0.0', '0.0.0', '255.255.255'),
    fc.constantFrom(0, 1, 2, 3, 127, 254, 255),
  )
  .map(([net, host]) => `${net}.${host}`);
const v6 = fc
  .tuple(
    fc.constantFrom('fd00:', 'fd00:0:0:1:', 'fe80:', 'ff02:', ''),
    fc.constantFrom('0', '1', '2', 'ffff'),
  )
  .map(([net, host]) => `${net}:${host}`.replace(/^:(?=[^:])/, '::'));
const prefix = fc.oneof(
  fc
    .tuple(v4, fc.constantFrom(0, 8, 16, 24, 25, 30, 31, 32))
    .map(([address, length]) => `${address}/${length}`),
  fc
    .tuple(v6, fc.constantFrom(0, 48, 64, 112, 126, 127, 128))
    .map(([address, length]) => `${address}/${length}`),
);
const input = fc.record({
  allowedIpsWritten: fc.array(prefix, { maxLength: 5 }),
  allowedIpsLive: fc.array(prefix, { maxLength: 5 }),
  otherPeers: fc.array(fc.array(prefix, { maxLength: 3 }), { maxLength: 3 }),
  ownAddresses: fc.array(prefix, { maxLength: 4 }),
});

const type = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

function covers(prefixText: string, address: string): boolean {
  const [network = '', length = ''] = prefixText.split('/');
  if (type(network) !== type(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length), type(network));
  return list.check(address, type(address));
}

function longest(prefixes: readonly string[], address: string): number {
  return Math.max(
    -1,
    ...prefixes.filter((text) => covers(text, address)).map((text) => Number(text.split('/')[1])),
  );
}

describe('echoTargets, for any configuration', () => {
  const always = (check: (address: string, given: EchoTargetInput) => void): void => {
    let checked = 0;
    fc.assert(
      fc.property(input, (given) => {
        for (const { address } of echoTargets(given)) {
          checked += 1;
          check(address, given);
        }
      }),
      { numRuns: 3000 },
    );
    expect(checked).toBeGreaterThan(100);
  };

  it('never names an address of our own', () => {
    always((address, given) => {
      const single = `${address}/${isIPv6(address) ? 128 : 32}`;
      for (const own of given.ownAddresses) expect(covers(single, own.split('/')[0] ?? '')).toBe(false);
    });
  });

  it('never names an address that goes to another peer or to none', () => {
    always((address, given) => {
      expect(longest(given.allowedIpsLive, address)).toBeGreaterThan(
        longest(given.otherPeers.flat(), address),
      );
    });
  });

  it('never names an address that is no single host', () => {
    const bad = [
      '0.0.0.0/32',
      '127.0.0.0/8',
      '224.0.0.0/4',
      '255.255.255.255/32',
      '::/128',
      '::1/128',
      'ff00::/8',
    ];
    always((address, given) => {
      expect(bad.filter((text) => covers(text, address))).toEqual([]);
      for (const text of [...given.allowedIpsWritten, ...given.allowedIpsLive, ...given.ownAddresses]) {
        const [network = '', length = ''] = text.split('/');
        if (
          type(network) !== 'ipv4' ||
          type(address) !== 'ipv4' ||
          Number(length) >= 31 ||
          !covers(text, address)
        )
          continue;
        const number = (octets: string): number =>
          octets.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
        const size = 2 ** (32 - Number(length));
        const offset = number(address) % size;
        expect([0, size - 1]).not.toContain(offset);
      }
    });
  });

  it('names at most four, each once, guesses only alone', () => {
    fc.assert(
      fc.property(input, (given) => {
        const targets = echoTargets(given);
        expect(targets.length).toBeLessThanOrEqual(4);
        expect(new Set(targets.map((target) => target.address)).size).toBe(targets.length);
        expect(new Set(targets.map((target) => target.guess)).size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws at arbitrary text', () => {
    const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), prefix), { maxLength: 3 });
    fc.assert(
      fc.property(text, text, text, (written, live, own) => {
        const targets = echoTargets({
          allowedIpsWritten: written,
          allowedIpsLive: live,
          otherPeers: [],
          ownAddresses: own,
        });
        expect(targets.length).toBeLessThanOrEqual(4);
      }),
    );
  });
});
