import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyOf } from '../../src/core/candidate.ts';
import { orderCandidates, preferredFamily, preferredOrder } from '../../src/core/order.ts';
import { anyCandidates, anyPreference, known } from './candidate-arbitrary.ts';
import { v4, v4b, v6, v6b } from './world.ts';

const endpointsOf = (candidates: readonly { endpoint: string }[]) => candidates.map((one) => one.endpoint);

describe('the order of candidates', () => {
  it('is total: it does not depend on the order in which they come, and loses none', () => {
    fc.assert(
      fc.property(
        anyCandidates,
        anyPreference,
        fc.infiniteStream(fc.nat()),
        (candidates, prefer, numbers) => {
          const ordered = endpointsOf(orderCandidates(candidates, prefer));
          const shuffled = candidates
            .map((candidate) => ({ candidate, key: numbers.next().value }))
            .sort((a, b) => a.key - b.key)
            .map(({ candidate }) => candidate);
          expect(endpointsOf(orderCandidates(shuffled, prefer))).toEqual(ordered);
          expect(new Set(ordered)).toEqual(new Set(endpointsOf(candidates)));
          expect(ordered).toHaveLength(candidates.length);
          expect(endpointsOf(preferredOrder(shuffled, prefer))).toEqual(
            endpointsOf(preferredOrder(candidates, prefer)),
          );
        },
      ),
    );
  });

  it('is transitive and antisymmetric: what is better of two stays so among all with equal places', () => {
    fc.assert(
      fc.property(anyCandidates, (candidates) => {
        // With distinct places of their own, candidates do not change each other's position.
        const placed = candidates.map((candidate, nameIndex) => ({ ...candidate, nameIndex }));
        const all = endpointsOf(orderCandidates(placed, 'listed'));
        for (const a of placed) {
          for (const b of placed) {
            if (a === b) continue;
            const [first] = endpointsOf(orderCandidates([a, b], 'listed'));
            const better = all.indexOf(a.endpoint) < all.indexOf(b.endpoint) ? a : b;
            expect(first).toBe(better.endpoint);
          }
        }
      }),
    );
  });

  it('puts what is known of the path before what the user prefers', () => {
    const candidates = [
      known(v6, { hint: 'silent' }),
      known(v6b, { route: 'no-route', hint: 'reachable' }),
      known(v4, { hint: 'reachable', failedAtMs: 10, listIndex: 0 }),
      known(v4b, { hint: 'reachable', listIndex: 1 }),
    ];
    expect(endpointsOf(orderCandidates(candidates, 'ipv6'))).toEqual([v4b, v4, v6, v6b]);
  });

  it('tries what failed longest ago first', () => {
    const candidates = [known(v6, { failedAtMs: 20 }), known(v4, { failedAtMs: 10 })];
    expect(endpointsOf(orderCandidates(candidates, 'ipv6'))).toEqual([v4, v6]);
  });

  it('tries what never failed before what failed, also before the zero of the clock', () => {
    const candidates = [known(v6, { failedAtMs: -60_000 }), known(v4)];
    expect(endpointsOf(orderCandidates(candidates, 'ipv6'))).toEqual([v4, v6]);
  });

  it('interleaves the families within a name, beginning with the preferred one', () => {
    const candidates = [
      known(v4, { listIndex: 0 }),
      known(v4b, { listIndex: 1 }),
      known(v6, { listIndex: 2 }),
      known(v6b, { listIndex: 3 }),
    ];
    expect(endpointsOf(preferredOrder(candidates, 'ipv6'))).toEqual([v6, v4, v6b, v4b]);
    expect(endpointsOf(preferredOrder(candidates, 'ipv4'))).toEqual([v4, v6, v4b, v6b]);
    expect(endpointsOf(preferredOrder(candidates, 'listed'))).toEqual([v4, v4b, v6, v6b]);
  });

  it('keeps the order of names above the family', () => {
    const candidates = [known(v6, { nameIndex: 1 }), known(v4, { nameIndex: 0 })];
    expect(endpointsOf(preferredOrder(candidates, 'ipv6'))).toEqual([v4, v6]);
  });

  it('prefers one family or none', () => {
    expect([preferredFamily('ipv6'), preferredFamily('ipv4'), preferredFamily('listed')]).toEqual([
      6,
      4,
      null,
    ]);
    expect([familyOf(v6), familyOf(v4)]).toEqual([6, 4]);
  });
});
