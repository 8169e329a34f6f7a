import type { Lab } from '../lab/index.ts';
import { waitFor } from '../lab/index.ts';

/** Pings through the tunnel while something else goes on. */
export interface PingStream {
  /** Ends it: how many were answered, and the longest time without an answer, beginning and end included. */
  stop(): Promise<{ readonly answered: number; readonly longestGapMs: number }>;
}

/** Begins to ping the first peer's inner address that often; resolves when the first ping has been sent. */
export async function startPings(lab: Lab, intervalMs: number): Promise<PingStream> {
  const flags = ['-n', '-D', '-O', '-i', String(intervalMs / 1000), '-W', '5'];
  const child = lab.client.spawn(['ping', ...flags, lab.innerAddress()]);
  let output = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.on('close', () => {
    over = true;
  });
  await waitFor('ping begins', () => output.startsWith('PING'));
  const startedMs = Date.now();
  return {
    stop: async () => {
      child.kill('SIGINT');
      const endedMs = Date.now();
      await waitFor('ping ends', () => over);
      const answers = [...output.matchAll(/^\[([\d.]+)\] \d+ bytes from/gm)].map(
        ([, at]) => Number(at) * 1000,
      );
      const times = [startedMs, ...answers, endedMs];
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
      return { answered: answers.length, longestGapMs: Math.max(...gaps) };
    },
  };
}
