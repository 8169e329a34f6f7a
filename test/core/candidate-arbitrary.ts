import fc from 'fast-check';
import { type CandidateState, freshCandidate } from '../../src/core/candidate.ts';

/** A candidate as `freshCandidate` makes it, with some things changed. */
export function known(endpoint: string, change: Partial<CandidateState> = {}): CandidateState {
  const fresh = freshCandidate({ endpoint, source: 'dns:vpn.example', nameIndex: 0, listIndex: 0 });
  return { ...fresh, route: 'ok', ...change };
}

/** Any set of candidates with distinct endpoints, in any order and with anything known of them. */
export const anyCandidates: fc.Arbitrary<CandidateState[]> = fc.uniqueArray(
  fc.record({
    endpoint: fc
      .tuple(fc.boolean(), fc.integer({ min: 1, max: 9 }))
      .map(([six, n]) => (six ? `[2001:db8::${n}]:51820` : `203.0.113.${n}:51820`)),
    source: fc.constant('dns:vpn.example'),
    nameIndex: fc.integer({ min: 0, max: 2 }),
    listIndex: fc.integer({ min: 0, max: 3 }),
    route: fc.constantFrom('unknown' as const, 'ok' as const, 'no-route' as const, 'in-tunnel' as const),
    hint: fc.constantFrom(
      'untested' as const,
      'asking' as const,
      'reachable' as const,
      'silent' as const,
      'unroutable' as const,
    ),
    handshake: fc.constant(null),
    hintRttMs: fc.constantFrom(null, 5, 50),
    failedAtMs: fc.option(fc.integer({ min: -100, max: 100 })),
    trial: fc.constantFrom(null, 'proven' as const, 'silent' as const),
  }),
  { selector: (candidate) => candidate.endpoint, maxLength: 12 },
);

/** Any preference. */
export const anyPreference = fc.constantFrom('ipv6' as const, 'ipv4' as const, 'listed' as const);
