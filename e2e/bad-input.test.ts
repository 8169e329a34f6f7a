import { describe, expect, test } from 'vitest';
import { useScene } from './scene.ts';
import { hostName } from './wg-reach.ts';

const key = 'fFZZy7EIFsMwoOLXJgeJOV3S0XAB9VaW7Ig7Dq12zCI=';

/** What is wrong, the arguments that replace good ones, the exit code, and what the one line must name. */
const mistakes: readonly (readonly [string, Readonly<Record<string, string>>, 1 | 2, readonly string[]])[] = [
  ['a key that is none', { '--peer': 'not-a-key' }, 2, ['"not-a-key"', 'public key']],
  ['a key that is too short', { '--peer': key.slice(4) }, 2, [key.slice(4), 'public key']],
  ['a key that is no base64', { '--peer': key.replace('f', '!') }, 2, ['!', 'public key']],
  ['an empty key', { '--peer': '' }, 2, ['""', 'public key']],
  ['a key of another peer', { '--peer': key }, 1, [key, 'has no peer']],
  ['an unknown interface', { '--interface': 'wg-nothere' }, 1, ['wg-nothere', 'there is no interface']],
  ['an interface that is not WireGuard', { '--interface': 'eth0' }, 1, ['eth0', 'WireGuard']],
  ['an interface name over 15 bytes', { '--interface': 'wg0123456789abcd' }, 2, ['wg0123456789abcd', '15']],
  ['an interface name of 15 characters and more bytes', { '--interface': 'wg0123456789äöü' }, 2, ['15']],
  ['an interface name with a slash', { '--interface': '../eth0' }, 2, ['"../eth0"', 'interface name']],
  ['an interface name like an option', { '--interface': '-wg0' }, 2, ['-wg0']],
  ['an empty interface name', { '--interface': '' }, 2, ['""', 'interface name']],
  ['port 0', { '--port': '0' }, 2, ['"0"', '1 to 65535']],
  ['port 65536', { '--port': '65536' }, 2, ['"65536"', '1 to 65535']],
  ['a port that is text', { '--port': 'http' }, 2, ['"http"', '1 to 65535']],
  ['a port with a fraction', { '--port': '51820.5' }, 2, ['"51820.5"', '1 to 65535']],
  ['a negative port', { '--port': '-1' }, 2, ['-1']],
  ['an empty port', { '--port': '' }, 2, ['""', '1 to 65535']],
  ['an empty host', { '--host': '' }, 2, ['""', 'empty']],
  ['a host of blanks', { '--host': '  ' }, 2, ['"  "', 'empty']],
  ['a host with a blank', { '--host': 'vpn example' }, 2, ['"vpn example"', 'host name']],
  ['a host like an option', { '--host': '-h.example' }, 2, ['-h.example']],
  ['a host with a port', { '--host': 'vpn.example:51820' }, 2, ['"vpn.example:51820"', 'host name']],
  ['half an address', { '--host': '192.0.2' }, 2, ['"192.0.2"', 'IPv4']],
  ['a host over 253 characters', { '--host': `${'a.'.repeat(127)}example` }, 2, ['253']],
  ['a host with a line break', { '--host': 'vpn\nexample' }, 2, ['host name']],
  ['a time limit of nothing', { '--timeout': '0' }, 2, ['"0"', 'seconds']],
  ['a time limit that is text', { '--timeout': 'soon' }, 2, ['"soon"', 'seconds']],
  ['an unknown way to decide', { '--probe': 'luck' }, 2, ['luck', 'auto', 'icmp']],
];

describe('bad input', () => {
  const scene = useScene();

  async function expectOneLine(args: readonly string[], code: number, words: readonly string[]) {
    const { lab, reach } = scene();
    const before = await lab.client.exec(['wg', 'show', lab.interface, 'endpoints']);
    const peersBefore = await lab.client.exec(['wg', 'show', lab.interface, 'peers']);
    const run = await reach.run(args);
    expect(run.code, run.said).toBe(code);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(/^wg-reach: [^\n]+\n$/);
    for (const word of words) expect(run.stderr).toContain(word);
    expect(reach.sets()).toEqual([]);
    expect((await lab.client.exec(['wg', 'show', lab.interface, 'endpoints'])).stdout).toBe(before.stdout);
    expect((await lab.client.exec(['wg', 'show', lab.interface, 'peers'])).stdout).toBe(peersBefore.stdout);
  }

  test.each(mistakes)('%s', async (_what, changed, code, words) => {
    const { lab } = scene();
    const good = {
      '--interface': lab.interface,
      '--peer': lab.peerKey(),
      '--host': hostName,
      '--port': String(lab.port),
    };
    await expectOneLine(Object.entries({ ...good, ...changed }).flat(), code, words);
  });

  test.each(['--interface', '--peer', '--host', '--port'])('%s is missing', async (option) => {
    const { reach } = scene();
    const args = reach.dropIn();
    args.splice(args.indexOf(option), 2);
    await expectOneLine(args, 2, [option]);
  });

  test('nothing at all, an unknown option, a word too many, an unknown command', async () => {
    const { reach } = scene();
    await expectOneLine([], 2, ['no command']);
    await expectOneLine([...reach.dropIn(), '--fast'], 2, ['--fast']);
    await expectOneLine([...reach.dropIn(), 'more'], 2, []);
    await expectOneLine(['repare'], 2, []);
  });

  test('repair: a name, a key, a word too many', async () => {
    const { lab } = scene();
    await expectOneLine(['repair', 'wg0123456789abcd'], 2, ['wg0123456789abcd', '15']);
    await expectOneLine(['repair', lab.interface, 'not-a-key'], 2, ['"not-a-key"', 'public key']);
    await expectOneLine(['repair', lab.interface, lab.peerKey(), 'more'], 2, []);
  });

  test('an interface of another network namespace is none of ours', async () => {
    const { lab, reach } = scene();
    const args = [...reach.dropIn(), '--interface', lab.server().interface];
    await expectOneLine(args, 1, [lab.server().interface, 'there is no interface']);
  });
});
