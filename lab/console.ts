import type { Lab } from './lab.ts';

/** The commands that the lab's prompt understands, for its help. */
export const consoleHelp = `  break 4|6 [up|down] [udp|icmp]   black hole for that family, one direction or protocol
  loss PERCENT | delay MS          for everything, one way
  heal                             take all faults back
  endpoint                         what the client's interface uses now
  ping                             one ping through the tunnel
  help, quit`;

/** Carries out one line typed at the lab's prompt. Returns what to print, or null to end. Never throws. */
export async function obeyLine(lab: Lab, line: string): Promise<string | null> {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const number = Number(words[0]);
  try {
    switch (verb) {
      case '':
        return '';
      case 'quit':
        return null;
      case 'break':
        return await breakPath(lab, words);
      case 'loss':
        if (!(number >= 0 && number <= 100)) return `"${words[0] ?? ''}" is no share: give 0 to 100.`;
        await lab.path.set({ lossPercent: number });
        return `Each packet is now lost with ${number} %, each way.`;
      case 'delay':
        if (!(number >= 0)) return `"${words[0] ?? ''}" is no time: give milliseconds.`;
        await lab.path.setDefault({ delayMs: number });
        return `The path now takes ${number} ms, each way.`;
      case 'heal':
        await lab.path.clear();
        return 'All faults are gone.';
      case 'endpoint':
        return (await lab.wg.endpoint()) ?? 'none';
      case 'ping': {
        const ms = await lab.innerPing();
        return ms === null ? 'No answer through the tunnel within a second.' : `Answered after ${ms} ms.`;
      }
      default:
        return consoleHelp;
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function breakPath(lab: Lab, words: readonly string[]): Promise<string> {
  const family = words.includes('4') ? 4 : words.includes('6') ? 6 : null;
  if (family === null) return 'Which family? "break 4" or "break 6".';
  const direction = (['up', 'down'] as const).find((each) => words.includes(each));
  const protocol = (['udp', 'icmp'] as const).find((each) => words.includes(each));
  await lab.path.add({
    family,
    drop: true,
    ...(direction === undefined ? {} : { direction }),
    ...(protocol === undefined ? {} : { protocol }),
  });
  const what = [`IPv${family}`, protocol, direction].filter((each) => each !== undefined).join(' ');
  return `${what} is now lost in the router, in silence. "heal" takes it back.`;
}
