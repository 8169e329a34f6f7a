import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readImplementation, socketInodes } from '../../src/wireguard/implementation.ts';

const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01  7316 /var/run/wireguard/wg0.sock
0000000000000000: 00000003 00000000 00000000 0001 03  7400 /var/run/wireguard/wg0.sock
0000000000000000: 00000003 00000000 00000000 0001 03  7401
0000000000000000: 00000002 00000000 00010000 0001 01  7402 /run/wireguard/wg1.sock
0000000000000000: 00000002 00000000 00010000 0001 01  7403 /run/wireguard/awg0.sock
`;

describe('socketInodes', () => {
  it('finds the sockets of one interface, the listening and the connected ones', () => {
    expect(socketInodes(table, 'wg0')).toEqual(['7316', '7400']);
    expect(socketInodes(table, 'wg1')).toEqual(['7402']);
    expect(socketInodes(table, 'g0')).toEqual([]);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const inode of socketInodes(text, 'wg0')) expect(inode).toMatch(/^[0-9]+$/);
      }),
    );
  });
});

describe('readImplementation', () => {
  it('takes an interface without a socket for the kernel’s', async () => {
    expect(await readImplementation('no-such-device0', { timeoutMs: 1000 })).toBe('kernel');
  });
});
