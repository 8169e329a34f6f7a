import type { CandidateStatus, PeerStatus, StatusReport } from '../../src/status/report.ts';

/** The moment at which the examples are looked at. */
export const nowMs = Date.parse('2026-11-22T10:00:00.000Z');

/** An ISO time this long before `nowMs`. */
export function ago(ageMs: number): string {
  return new Date(nowMs - ageMs).toISOString();
}

export function exampleCandidate(changes: Partial<CandidateStatus> = {}): CandidateStatus {
  return {
    endpoint: '203.0.113.1:51820',
    source: 'dns:vpn.example',
    rank: 1,
    verdict: 'proven',
    rttMs: 10.1,
    at: ago(4_000),
    ...changes,
  };
}

export function examplePeer(changes: Partial<PeerStatus> = {}): PeerStatus {
  return {
    interface: 'wg0',
    publicKey: 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=',
    health: 'up',
    reason: null,
    endpoint: '203.0.113.1:51820',
    since: ago(7_200_000),
    fallbackSince: null,
    proof: { kind: 'echo', at: ago(4_000), rttMs: 12.3 },
    lastSwitch: null,
    candidates: [exampleCandidate()],
    ...changes,
  };
}

export function exampleReport(peers: readonly PeerStatus[] = [examplePeer()]): StatusReport {
  return { schema: 1, version: '0.1.0', peers };
}

/** Every key has a value somewhere, and every key that may be null is null somewhere. */
export const fullReport = exampleReport([
  examplePeer({
    health: 'suspect',
    reason: 'five echoes in a row were lost',
    fallbackSince: ago(3_600_000),
    lastSwitch: {
      at: ago(3_600_000),
      from: '[2001:db8::1]:51820',
      to: '203.0.113.1:51820',
      reason: 'no answer',
    },
    candidates: [
      exampleCandidate({ endpoint: '[2001:db8::1]:51820', verdict: 'silent', rttMs: null }),
      exampleCandidate({ rank: 2 }),
      exampleCandidate({
        endpoint: '192.0.2.7:443',
        rank: 3,
        verdict: 'untested',
        rttMs: null,
        at: null,
        source: 'literal',
      }),
    ],
  }),
  examplePeer({
    publicKey: 'AAAAy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=',
    health: 'unknown',
    endpoint: null,
    since: null,
    proof: null,
    lastSwitch: { at: ago(60_000), from: null, to: '203.0.113.1:51820', reason: 'no endpoint was set' },
    candidates: [],
  }),
  examplePeer({
    interface: 'wg1',
    publicKey: 'AAABy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=',
    proof: { kind: 'handshake', at: ago(0), rttMs: null },
  }),
]);
