import type { AskOptions } from './ask.ts';
import { Command, Option } from './commander.ts';
import { type CommonOptions, commonOptions, defaultConfigFile, directoryOptions } from './common-options.ts';
import type { DropInOptions } from './drop-in.ts';
import type { RunCommandOptions } from './run.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

/** What the command line leads to. */
export interface Commands {
  dropIn(options: DropInOptions): Promise<void>;
  repair(interfaceName: string | undefined, peer: string | undefined, options: CommonOptions): Promise<void>;
  run(options: RunCommandOptions): Promise<void>;
  ask(
    command: 'status' | 'pause' | 'resume',
    interfaceName: string | undefined,
    peer: string | undefined,
    options: AskOptions,
  ): Promise<void>;
}

/** The whole command line: `--help` and what each command does with its words. */
export function createProgram(commands: Commands): Command {
  const program = new Command('wg-reach')
    .description('Keeps every WireGuard peer on an endpoint that works, proven by WireGuard itself.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .usage(
      'repair|run|status|pause|resume [options] [INTERFACE [PEER]]\n       wg-reach --interface IF --peer KEY --host NAME --port N [options]',
    )
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .enablePositionalOptions()
    .allowExcessArguments(false)
    .option('--interface <name>', 'the WireGuard interface')
    .option('--peer <key>', "the peer's public key")
    .option('--host <name>', 'the host name (or address) the peer is reached at')
    .option('--port <number>', 'the UDP port the peer is reached at')
    .addHelpText('after', dropInHelp)
    .action(async (options: DropInOptions) => {
      const given = [options.interface, options.peer, options.host, options.port];
      if (given.every((value) => value === undefined)) throw new UsageError('no command given');
      if (options.host !== undefined || options.port !== undefined) await commands.dropIn(options);
      else if (options.interface === undefined) throw new UsageError('--peer needs --interface');
      else await commands.repair(options.interface, options.peer, options);
    });
  for (const option of commonOptions()) program.addOption(option);

  const repair = program
    .command('repair')
    .summary('look, fix, say what was done, exit')
    .description(
      'Looks after every peer whose endpoint is a host name in /etc/wireguard/*.conf, or those of one ' +
        'interface, or one of them: leaves a tunnel alone that is proven alive, and otherwise tries every ' +
        'address of the name until one is proven. Exit code: 0 all is well, 1 something is wrong, 2 usage.',
    )
    .usage('[options] [INTERFACE [PEER]]')
    .helpOption('-h, --help', 'print this help')
    .argument('[INTERFACE]', 'only the peers of this interface')
    .argument('[PEER]', 'only the peer with this public key')
    .addHelpText('after', '\nExample, each minute from cron:\n  * * * * * root wg-reach repair --quiet')
    .action(commands.repair);
  for (const option of commonOptions()) repair.addOption(option);
  addDaemonCommands(program, commands);
  program.hook('preSubcommand', (root, command) => rejectLeadingOptions(root, command.name()));
  return program;
}

/** An option before the command would belong to the drop-in form, and the command would never see it. */
function rejectLeadingOptions(root: Command, command: string): void {
  for (const option of root.options) {
    if (root.getOptionValueSource(option.attributeName()) !== 'cli') continue;
    throw new UsageError(`${option.long} belongs behind the command: wg-reach ${command} ${option.long} …`);
  }
}

function addDaemonCommands(program: Command, commands: Commands): void {
  const run = program
    .command('run')
    .summary('the daemon: watch every peer, for ever')
    .description(
      'Watches every peer that has a host name in /etc/wireguard/*.conf or endpoints in the configuration: tests ' +
        'its tunnel, and when it does not work, tries every address until one is proven. Logs to standard error. ' +
        'HUP reads all files again, TERM ends it; endpoints stay as they are.',
    )
    .helpOption('-h, --help', 'print this help')
    .option('--config <file>', `the configuration (default: ${defaultConfigFile}, which may be missing)`)
    .addOption(
      new Option('--log-format <format>', 'how the log is written').choices(['text', 'json']).default('text'),
    )
    .option('--verbose', 'log more')
    .addHelpText('after', '\nExample:\n  wg-reach run --verbose')
    .action(commands.run);
  for (const option of directoryOptions()) run.addOption(option);

  const status = program
    .command('status')
    .summary('what the daemon knows')
    .description('Shows each managed peer: health, endpoint, proof, candidates. Exit code 3: no daemon runs.')
    .option('--json', 'print it as JSON (docs/status.schema.json)')
    .option('--verbose', 'with all candidates')
    .addHelpText('after', '\nExample:\n  wg-reach status --json');
  const pause = program
    .command('pause')
    .summary("keep the daemon's hands off")
    .description('The daemon tests and sets nothing until resumed. A trial under way is taken back first.')
    .option('--for <duration>', 'resume after this time, for instance 1h')
    .addHelpText('after', '\nExample:\n  wg-reach pause wg0 --for 1h');
  const resume = program
    .command('resume')
    .summary('let the daemon work again')
    .description('Ends a pause.')
    .addHelpText('after', '\nExample:\n  wg-reach resume wg0');
  for (const [name, command] of Object.entries({ status, pause, resume }) as [
    'status' | 'pause' | 'resume',
    Command,
  ][]) {
    command
      .usage('[options] [INTERFACE [PEER]]')
      .helpOption('-h, --help', 'print this help')
      .argument('[INTERFACE]', 'only the peers of this interface')
      .argument('[PEER]', 'only the peer with this public key')
      .action((interfaceName?: string, peer?: string, options?: AskOptions) =>
        commands.ask(name, interfaceName, peer, options ?? { runtimeDir: '/run/wg-reach' }),
      );
    for (const option of directoryOptions()) command.addOption(option);
  }
}

const dropInHelp = `
The second form looks after one peer given by hand; without --host and --port it is the same as
"repair INTERFACE [PEER]". Its exit codes: 0 the endpoint is right, 255 no address
resolved, 254 no candidate works, 1 anything else, 2 usage.

Example:
  wg-reach --interface wg0 --peer fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI= --host vpn.example --port 51820`;
