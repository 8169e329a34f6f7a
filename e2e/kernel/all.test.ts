// All in one file, since only there do tests run side by side. Most of them wait, each with a lab of its own.
import { describe } from 'vitest';
import './daemon.test.ts';
import './foreign-answer.test.ts';
import './stale-source.test.ts';
import '../daemon/how-fast.test.ts';
import '../daemon/left-alone.test.ts';
import '../evidence.test.ts';
import '../session.test.ts';

describe.concurrent('beside those', () => {
  describe.sequential('one after the other, since some share a lab', async () => {
    await import('../failback.test.ts');
    await import('../drop-in.test.ts');
    await import('../full-tunnel.test.ts');
    await import('../host-conditions.test.ts');
  });
  describe.sequential('handshakes of our own, and sessions that are reset', async () => {
    await import('../handshake.test.ts');
    await import('../reset.test.ts');
  });
});
