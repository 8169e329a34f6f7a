import { sizes } from './protocol.ts';

/**
 * TAI64 of 1970, as the kernel and wireguard-go count: 2^62 and the 10 s by which TAI was ahead then. boringtun
 * counts from 37 s later; a timestamp of that kind would lock the interface's own ones out for 27 s.
 */
const epoch = 0x4000_0000_0000_000an;

/**
 * Nanoseconds within a second are rounded down to this, the largest power of two of which 50 fit in a second: so the
 * timestamps tell no finer clock than the 50 handshakes a second that a peer accepts.
 */
const granuleNs = 16_777_216;

/**
 * The timestamp that WireGuard itself would send at this Unix time: 12 bytes, big-endian, never above the time given.
 * Two of them compare as their bytes do. The time is from 0 to 2^53; fractions of a millisecond are left out.
 */
export function timestampAt(wallMs: number): Uint8Array {
  const whole = Math.floor(wallMs);
  const nanoseconds = (whole % 1_000) * 1_000_000;
  const timestamp = new Uint8Array(sizes.timestamp);
  const view = new DataView(timestamp.buffer);
  view.setBigUint64(0, epoch + BigInt(Math.floor(whole / 1_000)));
  view.setUint32(8, nanoseconds - (nanoseconds % granuleNs));
  return timestamp;
}

/** The first whole millisecond of Unix time whose timestamp is later than the one of the time given. */
export function nextTimestampMs(wallMs: number): number {
  const whole = Math.floor(wallMs);
  const second = whole - (whole % 1_000);
  const granule = Math.floor(((whole - second) * 1_000_000) / granuleNs);
  return Math.min(second + Math.ceil(((granule + 1) * granuleNs) / 1_000_000), second + 1_000);
}
