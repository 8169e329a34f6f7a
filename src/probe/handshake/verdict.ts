/**
 * What one handshake probe of one endpoint found out.
 *
 * `authenticated`: the holder of the peer's private key is there, and UDP passes both ways for the probe's socket.
 * `wrong-preshared-key`: it is there, but its preshared key for us is another. With `theirs: 'none'` it has none, and
 * that is as certain as `authenticated`. With `unknown` it is likely: whoever sees our packets and knows our public key
 * could have made the answer.
 * `under-load`: only a request to come back with a cookie, and that was not answered. Weak, for it can be forged.
 * `refused`: an ICMP error: nothing listens at that port, or something on the way forbids it.
 * `no-route`: this host has no way there. `silent`: nothing acceptable came in time; a stranger's key, another peer key
 * and a clock that the peer has seen further ahead look like this, too.
 * `clock-behind`: nothing was sent, as the wall clock is not past the last timestamp used or the last handshake seen:
 * the peer would keep silent. `failed`: nothing was learned about the far side. `cancelled`: it was told to stop.
 */
export type HandshakeVerdict =
  | { readonly kind: 'authenticated'; readonly rttMs: number; readonly askedForCookie: boolean }
  | { readonly kind: 'wrong-preshared-key'; readonly rttMs: number; readonly theirs: 'none' | 'unknown' }
  | { readonly kind: 'under-load' }
  | { readonly kind: 'refused'; readonly how: 'port-closed' | 'prohibited' }
  | { readonly kind: 'no-route'; readonly detail: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'clock-behind'; readonly behindMs: number }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'cancelled' };
