import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { benchCommands, inTurn } from '../../bench/command.ts';
import { oneShotSituations } from '../../bench/one-shot.ts';
import { isExpected } from '../../bench/rounds.ts';

describe.each(oneShotSituations)('the situation $name', (situation) => {
  const addressOf = (name: string) => situation.lab.servers?.find((server) => server.name === name)?.address;
  const isLost = (address: string) =>
    situation.faults.some(
      (rule) =>
        rule.drop === true &&
        (rule.address === undefined || rule.address === address) &&
        (rule.family === undefined || rule.family === (ipaddr.IPv6.isValid(address) ? 6 : 4)),
    );

  it('starts and should end at servers that the lab has and the name lists', () => {
    const listed = [...(situation.records.A ?? []), ...(situation.records.AAAA ?? [])];
    expect(listed).toContain(addressOf(situation.startsAt));
    expect(listed).toContain(addressOf(situation.rightEndpoint));
  });

  it('has something to repair exactly where the right endpoint is another one', () => {
    const isBroken = isLost(addressOf(situation.startsAt) ?? '');
    expect(isBroken).toBe(situation.startsAt !== situation.rightEndpoint);
    expect(isLost(addressOf(situation.rightEndpoint) ?? '')).toBe(false);
  });
});

describe('isExpected', () => {
  const start = '192.0.2.1:51820';
  const right = '192.0.2.2:51820';
  const repaired = { code: 0, endpointAfter: right };
  const untouched = { code: 254, endpointAfter: start };

  it('wants the right endpoint and exit code 0', () => {
    const wanted = { byPing: false, dropsEcho: true, start, right };
    expect(isExpected(repaired, wanted)).toBe(true);
    expect(isExpected({ code: 0, endpointAfter: start }, wanted)).toBe(false);
    expect(isExpected({ code: 1, endpointAfter: right }, wanted)).toBe(false);
    expect(isExpected({ code: null, endpointAfter: right }, wanted)).toBe(false);
    expect(isExpected(untouched, wanted)).toBe(false);
  });

  it('wants who decides by ping to leave an endpoint alone that nobody answers for', () => {
    const wanted = { byPing: true, dropsEcho: true, start, right };
    expect(isExpected(untouched, wanted)).toBe(true);
    expect(isExpected(repaired, wanted)).toBe(false);
    expect(isExpected({ code: 254, endpointAfter: right }, wanted)).toBe(false);
    // A traceback: the module of the script is not there.
    expect(isExpected({ code: 1, endpointAfter: start }, wanted)).toBe(false);
  });
});

describe('the commands', () => {
  const target = { interface: 'wg0', peer: 'KEY', host: 'vpn.example', port: 51_820 };
  const four = ['--interface', 'wg0', '--peer', 'KEY', '--host', 'vpn.example', '--port', '51820'];

  it('all get what the script gets', () => {
    for (const command of benchCommands('/some/script.py'))
      expect(command.line(target, '/tmp/fresh').join(' ')).toContain(four.join(' '));
  });

  it('of ours write nothing outside the directory of the run', () => {
    const lines = benchCommands(null).map((command) => command.line(target, '/tmp/fresh'));
    for (const line of lines) {
      expect(line[line.indexOf('--state-dir') + 1]).toBe('/tmp/fresh/state');
      expect(line[line.indexOf('--runtime-dir') + 1]).toBe('/tmp/fresh/run');
    }
  });

  it('take turns at being first, and none is left out', () => {
    const rounds = [0, 1, 2, 3].map((round) => inTurn(['a', 'b', 'c'], round).join(''));
    expect(rounds).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(inTurn([], 3)).toEqual([]);
  });
});
