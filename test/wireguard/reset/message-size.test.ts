import { expect, it } from 'vitest';
import { maxMessageBytes, resetMessageBytes } from '../../../src/wireguard/reset/message-size.ts';

const ipv4 = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.0.0/16`);
const ipv6 = (count: number) => Array.from({ length: count }, (_, index) => `fd00:${index}::/64`);

// Lengths of the messages that the real `wg` sent.
it.each([
  [ipv4(1), 248],
  [ipv4(2), 276],
  [ipv4(130), 3860],
  [ipv4(138), 4084],
  [ipv6(1), 260],
  [ipv6(90), 3820],
  [ipv6(96), 4060],
])('is what was measured', (allowedIps, bytes) => {
  expect(resetMessageBytes(allowedIps)).toBe(bytes);
});

it('stays a good way below one page', () => {
  expect(maxMessageBytes).toBeLessThan(4096 - 100);
  expect(resetMessageBytes([...ipv4(60), ...ipv6(50)])).toBeLessThanOrEqual(maxMessageBytes);
  expect(resetMessageBytes(ipv4(132))).toBeGreaterThan(maxMessageBytes);
  expect(resetMessageBytes(ipv6(93))).toBeGreaterThan(maxMessageBytes);
});
