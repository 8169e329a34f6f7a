import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type CommonOptions, commonOptions } from './common-options.ts';
import type { DropInOptions } from './drop-in.ts';
import { UsageError } from './usage-error.ts';

/** What the command line leads to. */
export interface Commands {
  dropIn(options: DropInOptions): Promise<void>;
  repair(interfaceName: string | undefined, peer: string | undefined, options: CommonOptions): Promise<void>;
}

/** The whole command line: `--help` and what each command does with its words. */
export function createProgram(commands: Commands): Command {
  const program = new Command('wg-reach')
    .description('Keeps every WireGuard peer on an endpoint that works, proven by WireGuard itself.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .usage(
      'repair [options] [INTERFACE [PEER]]\n       wg-reach --interface IF --peer KEY --host NAME --port N [options]',
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
      'Looks after every peer whose endpoint is a host name in /etc/wireguard/*.conf, or those of one\n' +
        'interface, or one of them: leaves a tunnel alone that is proven alive, and otherwise tries every\n' +
        'address of the name until one is proven. Exit code: 0 all is well, 1 something is wrong, 2 usage.',
    )
    .usage('[options] [INTERFACE [PEER]]')
    .helpOption('--help', 'print this help')
    .argument('[INTERFACE]', 'only the peers of this interface')
    .argument('[PEER]', 'only the peer with this public key')
    .addHelpText('after', '\nExample, each minute from cron:\n  * * * * * root wg-reach repair --quiet')
    .action(commands.repair);
  for (const option of commonOptions()) repair.addOption(option);
  return program;
}

const dropInHelp = `
The second form looks after one peer given by hand; without --host and --port it is the same as
"repair INTERFACE [PEER]". Its exit codes: 0 the endpoint is right, 255 no address
resolved, 254 no candidate works, 1 anything else, 2 usage.

Example:
  wg-reach --interface wg0 --peer fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI= --host vpn.example --port 51820`;

/** The version of this package. */
export function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
  return typeof found === 'string' ? found : 'unknown';
}
