/**
 * The most bytes of one netlink message that a reset may need. `wg` (1.0.20210914, and the same today) fills messages
 * of one memory page, at least 4096 bytes, and begins another one where a peer does not fit: between the two the peer
 * has a part of its allowed IPs only, and for good if `wg` dies there. The distance is room for a new field or two.
 */
export const maxMessageBytes = 3_900;

/** Headers, the longest interface name, the peer once to be removed and once with all its fields, and an IPv6 endpoint. */
const fixedBytes = 220;
const bytesPerIpv4 = 28;
const bytesPerIpv6 = 40;

/**
 * How long the one message of a reset is at the most. Measured with the real `wg`: exactly this with a name of 15
 * characters, a preshared key and an IPv6 endpoint, so that 138 IPv4 or 96 IPv6 allowed IPs went into one message and
 * 139 or 97 into two; up to 24 bytes less otherwise. By our limit 131 or 92 may be reset.
 */
export function resetMessageBytes(allowedIps: readonly string[]): number {
  return allowedIps.reduce(
    (sum, prefix) => sum + (prefix.includes(':') ? bytesPerIpv6 : bytesPerIpv4),
    fixedBytes,
  );
}
