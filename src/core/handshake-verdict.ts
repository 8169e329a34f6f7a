/**
 * What a handshake probe said of an endpoint. `authenticated`: the holder of the peer's key is there, and UDP passes both
 * ways for the probe's socket. `wrong-preshared-key`: the peer is there and has another preshared key. `under-load`: it
 * asked for a cookie and no more; whoever knows its public key could have said that. `refused`: an ICMP error.
 * `clock-behind`: nothing was sent, because the peer would ignore it. `unavailable`: nothing could be asked.
 */
export type HandshakeVerdict =
  | 'authenticated'
  | 'wrong-preshared-key'
  | 'under-load'
  | 'refused'
  | 'no-route'
  | 'silent'
  | 'clock-behind'
  | 'unavailable';
