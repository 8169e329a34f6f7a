import type { Run } from '../../bench/rounds.ts';

/** A run as it should be, on which a test changes what it is about. */
export function runOf(given: Partial<Run>): Run {
  return {
    situation: 'healthy',
    command: 'auto',
    round: 1,
    endpointBefore: '192.0.2.1:51820',
    endpointAfter: '192.0.2.1:51820',
    tunnelWorks: true,
    asExpected: true,
    code: 0,
    wallMs: 100,
    userMs: 30,
    systemMs: 10,
    peakMemoryBytes: 50 * 1_048_576,
    stdout: '',
    stderr: '',
    ...given,
  };
}
