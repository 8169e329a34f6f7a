import type { Conditions } from '../../bench/conditions.ts';

/** Conditions of some run, with what is given. */
export function conditionsOf(given: Partial<Conditions>): Conditions {
  return {
    machine: {
      cores: 2,
      processor: 'a processor',
      system: 'Debian',
      kernel: 'Linux',
      node: '20',
      python: null,
      wireguard: 'wireguard-go',
      commit: 'abc1234',
    },
    beganAt: '2026-01-02T03:04:05.000Z',
    tookMs: 60_000,
    loadBefore: 0.1,
    loadAfter: 0.2,
    cpuWaitShare: 0.031,
    ...given,
  };
}
