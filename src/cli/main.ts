import { CommanderError } from './commander.ts';
import { exitCode } from './exit-code.ts';
import { createProgram } from './program.ts';
import { UsageError } from './usage-error.ts';

/** Runs the command line and ends the process; a pending look-up or socket cannot hold it up. */
async function main(): Promise<void> {
  // A reader that went away (`| head`) is no reason to leave a repair half done.
  let unwritten = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      unwritten ||= error.code !== 'EPIPE';
    });
  }
  process.on('uncaughtException', (error) => process.exit(explain(error)));
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  let code: number = exitCode.ok;
  const program = createProgram({
    async dropIn(options) {
      const { runDropIn } = await import('./drop-in.ts');
      code = await runDropIn(options, abort.signal);
    },
    async repair(interfaceName, peer, options) {
      const { runRepair } = await import('./repair.ts');
      code = await runRepair(interfaceName, peer, options, abort.signal);
    },
    async run(options) {
      // Here a hang-up means: read the files again. One that comes before they were read for the first time asks for
      // nothing, and must not end us: there is a listener at every moment.
      process.on('SIGHUP', () => {});
      process.off('SIGHUP', stop);
      const { runRun } = await import('./run.ts');
      code = await runRun(options, abort.signal);
    },
    async ask(command, interfaceName, peer, options) {
      const { runAsk } = await import('./ask.ts');
      code = await runAsk(command, interfaceName, peer, options);
    },
  });
  try {
    await program.parseAsync();
  } catch (error) {
    code = explain(error);
  }
  await flush(process.stdout);
  process.exit(unwritten && code === exitCode.ok ? exitCode.failed : code);
}

function explain(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCode.ok;
  if (error instanceof UsageError || error instanceof CommanderError) {
    const excess = error instanceof CommanderError && error.code === 'commander.excessArguments';
    const word = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
    const message = excess
      ? `${JSON.stringify(word)} is no command, or one word too many was given`
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    process.stderr.write(`wg-reach: ${message} (see wg-reach --help)\n`);
    return exitCode.usage;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (/\b(EMFILE|ENFILE|ENOMEM|EAGAIN)\b/.test(message)) {
    process.stderr.write(`wg-reach: this host lacks files, memory or processes: ${message}; see ulimit -a\n`);
    return exitCode.failed;
  }
  process.stderr.write(`wg-reach: this is a bug of wg-reach: ${message}. Please report it\n`);
  return exitCode.failed;
}

/** A pipe may take its time; what was printed must not be lost by the exit. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

await main();
