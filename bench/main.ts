/** The command `npm run bench`. */
import { Command } from 'commander';
import { alarmCommand } from './alarms/command.ts';
import { compareCommand } from './compare-command.ts';
import { costCommand } from './cost/command.ts';
import { oneShotCommand } from './one-shot-command.ts';
import { usageError } from './options.ts';
import { recoveryCommand } from './recovery/command.ts';
import { tablesCommand } from './tables-command.ts';

const program = new Command('bench')
  .description('Measures wg-reach on real WireGuard, beside what a user would run instead. Needs root.')
  .usage('[one-shot | recovery | alarms | cost | tables | compare] [options]')
  .helpOption('--help', 'print this help; after the name of a benchmark, its own')
  .helpCommand(false);
program.addCommand(
  oneShotCommand.summary('one run of the one-shot, beside the script it replaces (default)'),
  {
    isDefault: true,
  },
);
program.addCommand(recoveryCommand);
program.addCommand(alarmCommand);
program.addCommand(costCommand);
program.addCommand(tablesCommand);
program.addCommand(compareCommand);
for (const command of [program, ...program.commands])
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : usageError));

await program.parseAsync();
