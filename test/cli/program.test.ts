import { expect, test, vi } from 'vitest';
import type { AskOptions } from '../../src/cli/ask.ts';
import { createProgram } from '../../src/cli/program.ts';

// It is read from the package next to the built program.
vi.mock('../../src/cli/version.ts', () => ({ version: () => '0' }));

interface Asked {
  readonly command: string;
  readonly interface: string | undefined;
  readonly peer: string | undefined;
  readonly options: AskOptions;
}

async function parse(...words: readonly string[]): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const others = async (): Promise<void> => {
    throw new Error('another command was run');
  };
  const program = createProgram({
    dropIn: others,
    repair: others,
    run: others,
    async ask(command, interfaceName, peer, options) {
      asked.push({ command, interface: interfaceName, peer, options });
    },
  });
  await program.parseAsync(words, { from: 'user' });
  return asked;
}

test.each(['status', 'pause', 'resume'])(
  '%s takes the directories that every command takes',
  async (word) => {
    const [asked] = await parse(word, '--state-dir', 'elsewhere', 'wg0', '--runtime-dir', 'there', 'KEY');
    expect(asked).toMatchObject({
      command: word,
      interface: 'wg0',
      peer: 'KEY',
      options: { stateDir: 'elsewhere', runtimeDir: 'there' },
    });
  },
);
