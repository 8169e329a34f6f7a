import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { seededRandom } from '../../lab/forwarder/random.ts';
import { describeMissing } from '../../lab/index.ts';
import { observeConditions } from '../conditions.ts';
import { chosen, readAmount, readSeed, writableFile } from '../options.ts';
import { openSession } from '../session.ts';
import { createTurnstile } from '../turnstile.ts';
import type { AlarmReport } from './report.ts';
import { isQuiet, renderAlarmReport } from './report.ts';
import { alarmRows } from './row.ts';
import type { AlarmResult } from './trial.ts';
import { watchAlarms } from './trial.ts';

interface Flags {
  readonly minutes: number;
  readonly seed?: number;
  readonly only?: readonly string[];
  readonly json?: string;
}

const builtAtOnce = 2;

const explanation = `
Rows: ${alarmRows.map(({ name }) => name).join(', ')}. All are measured at the same time, each in a lab of its own.
docs/benchmarks.md says how and what it means.

Exit code: 0 no endpoint was left, 1 one was, or not all rows could be measured, 2 usage.`;

/** `npm run bench -- alarms`: whether the daemon leaves a path that is bad and alive. */
export const alarmCommand = new Command('alarms')
  .summary('whether the daemon leaves a path that is bad and alive')
  .description('Watches the daemon on paths with loss, jitter and peaks, which it must not leave.')
  .usage('[options]')
  .option('--minutes <number>', 'how long', readAmount, 10)
  .option('--seed <number>', 'of losses and peaks (default: a new one, which is printed)', readSeed)
  .option('--only <rows...>', 'only these rows')
  .option('--json <file>', 'write all figures and logs to this file')
  .helpOption('--help', 'print this help')
  .allowExcessArguments(false)
  .addHelpText('after', explanation)
  .action(async (flags: Flags) => {
    process.exit(await bench(flags));
  });

/** Measures and prints everything; returns the exit code. */
async function bench(flags: Flags): Promise<number> {
  const jsonFile = flags.json === undefined ? null : writableFile(flags.json);
  const rows = chosen(alarmRows, flags.only);
  const missing = await describeMissing();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  const seed = flags.seed ?? randomInt(2 ** 32);
  console.log(`Seed ${seed}; ${rows.length} labs at the same time, for ${flags.minutes} min.`);
  const conditions = await observeConditions(false);
  const session = openSession(rows.length);
  const build = createTurnstile(builtAtOnce);
  const measured = await Promise.all(
    rows.map(async (row, index): Promise<AlarmResult | null> => {
      const own = (seed + index) >>> 0;
      const order = {
        lastsMs: flags.minutes * 60_000,
        seed: own,
        random: seededRandom(own),
        directory: `${session.directory}/${row.name}`,
        build,
      };
      try {
        return await watchAlarms(row, order, session);
      } catch (error) {
        session.print(`No result: ${row.name}: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      }
    }),
  );
  session.end();
  const results = measured.filter((result) => result !== null);
  const report: AlarmReport = { schema: 2, kind: 'alarms', conditions: conditions(), seed, results };
  console.log(`\n${renderAlarmReport(report)}`);
  if (jsonFile !== null) {
    writeFileSync(jsonFile, `${JSON.stringify(report, null, 1)}\n`);
    console.log(`\nAll figures and logs: ${jsonFile}`);
  }
  return results.length === rows.length && results.every(isQuiet) ? 0 : 1;
}
