import type { Lab } from './lab.ts';
import type { PathRule } from './path.ts';

/** The commands that the lab's prompt understands, for its help. */
export const consoleHelp = `  break 4|6 [up|down] [udp|icmp]   black hole for that family, one direction or protocol
  loss PERCENT | delay MS          for everything, one way
  heal                             take all faults back
  endpoint                         what the client's interface uses now
  ping                             one ping through the tunnel
  help, quit`;

/** What the prompt needs of its lab. */
export interface ConsoleLab {
  readonly path: Pick<Lab['path'], 'set' | 'clear' | 'setDefault'>;
  readonly wg: Pick<Lab['wg'], 'endpoint'>;
  readonly innerPing: () => Promise<number | null>;
}

/** The lab's prompt. */
export interface LabConsole {
  /** Carries out one line typed at it. Returns what to print, or null to end. Never rejects. */
  obey(line: string): Promise<string | null>;
}

/** Creates a prompt; the faults that are made at it stay together until they are healed. */
export function createConsole(lab: ConsoleLab): LabConsole {
  let broken: readonly PathRule[] = [];
  let lossPercent = 0;

  /** Of several rules that match a packet the first decides: what is broken stays broken under loss. */
  function apply(): Promise<void> {
    return lab.path.set(...broken, ...(lossPercent === 0 ? [] : [{ lossPercent }]));
  }

  async function breakPath(words: readonly string[]): Promise<string> {
    const family = words.includes('4') ? 4 : words.includes('6') ? 6 : null;
    if (family === null) return 'Which family? "break 4" or "break 6".';
    const direction = (['up', 'down'] as const).find((each) => words.includes(each));
    const protocol = (['udp', 'icmp'] as const).find((each) => words.includes(each));
    const rule: PathRule = {
      family,
      drop: true,
      ...(direction === undefined ? {} : { direction }),
      ...(protocol === undefined ? {} : { protocol }),
    };
    broken = [rule, ...broken];
    await apply();
    const what = [`IPv${family}`, protocol, direction].filter((each) => each !== undefined).join(' ');
    return `${what} is now lost in the router, in silence. "heal" takes it back.`;
  }

  async function obey(line: string): Promise<string | null> {
    const [verb = '', ...words] = line.trim().split(/\s+/);
    const number = words[0] === undefined ? Number.NaN : Number(words[0]);
    switch (verb) {
      case '':
        return '';
      case 'quit':
        return null;
      case 'break':
        return breakPath(words);
      case 'loss':
        if (!(number >= 0 && number <= 100)) return `"${words[0] ?? ''}" is no share: give 0 to 100.`;
        lossPercent = number;
        await apply();
        return `Each packet is now lost with ${number} %, each way.`;
      case 'delay':
        if (!(number >= 0)) return `"${words[0] ?? ''}" is no time: give milliseconds.`;
        await lab.path.setDefault({ delayMs: number });
        return `The path now takes ${number} ms, each way.`;
      case 'heal':
        broken = [];
        lossPercent = 0;
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
  }

  return {
    obey: (line) =>
      obey(line).catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
  };
}
