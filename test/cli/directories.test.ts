import { expect, test } from 'vitest';
import { runAsk } from '../../src/cli/ask.ts';
import { runRun } from '../../src/cli/run.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

const stop = AbortSignal.abort();

test('an empty directory is a mistake, and not the one that we are in', async () => {
  const run = (stateDir: string, runtimeDir: string) => async () =>
    runRun({ stateDir, runtimeDir, logFormat: 'text' }, stop);
  await expect(run('', 'run')).rejects.toThrow(UsageError);
  await expect(run('state', '')).rejects.toThrow('--runtime-dir is empty');
  await expect(runAsk('status', undefined, undefined, { runtimeDir: '' })).rejects.toThrow(UsageError);
});
