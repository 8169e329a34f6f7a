import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeviceList, readDevice } from '../../src/wireguard/device.ts';

const list = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  532480    6656    1    2    3     4          5         6   532480    6656    0    0    0     0       0          0
abcdefghijklmno:99 1 7 0 0 7 0 0 0 0 0 0 0 0 0 0
`;

describe('parseDeviceList', () => {
  it('finds the interface and its frame errors', () => {
    expect(parseDeviceList(list, 'lo')).toEqual({ kind: 'present', rxFrameErrors: 4 });
    expect(parseDeviceList(list, 'abcdefghijklmno')).toEqual({ kind: 'present', rxFrameErrors: 7 });
  });

  it('does not take a part of a name, or a heading, for an interface', () => {
    for (const name of ['l', 'o', 'wg0', 'face', 'Inter-|', '']) {
      expect(parseDeviceList(list, name)).toEqual({ kind: 'absent' });
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseDeviceList(text, 'wg0');
        expect(parseDeviceList(`wg0:${text.replaceAll('\n', ' ')}`, 'wg0').kind).toBe('present');
      }),
    );
  });
});

describe('readDevice', () => {
  it('sees the loopback interface of this machine, and no other that is not there', async () => {
    expect(await readDevice('lo')).toMatchObject({ kind: 'present' });
    expect(await readDevice('no-such-device0')).toEqual({ kind: 'absent' });
  });
});
