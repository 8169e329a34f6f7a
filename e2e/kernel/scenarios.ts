/** Tests of a file in e2e/ that are run on the kernel's own WireGuard, too, by their titles (of `test.each`, too). */
export interface Scenarios {
  readonly file: string;
  readonly titles: readonly string[];
}

/**
 * What shows that the program does its work on the kernel's WireGuard. A choice, since under emulation one run of
 * the program takes seconds; what is about words, files and flags is the same on every WireGuard.
 */
export const scenarios: readonly Scenarios[] = [
  {
    file: 'e2e/evidence.test.ts',
    titles: [
      'with no inner address but our own there is no proof, and nothing is moved',
      'the inner echo target gone while the tunnel lives: nothing is moved',
      'the peer’s inner firewall drops everything: a living tunnel is not moved',
      'the peer’s inner firewall drops everything: a dead tunnel is moved to what works',
      'the server drops all pings from outside and the endpoint is dead: the other is found',
      'it is the endpoint now set, with a session from before',
      'it is the endpoint now set, and there never was a session',
    ],
  },
  {
    file: 'e2e/session.test.ts',
    titles: [
      'a local IPv4 address replaced under a live tunnel: the same endpoint is set again, no other',
      'a local IPv6 address replaced under a live tunnel: the same endpoint is set again, no other',
      'the server was restarted at the same address',
      'the server was restarted at another address',
      'the server is gone for good and another machine with its key took over at the other address',
    ],
  },
  {
    file: 'e2e/daemon/how-fast.test.ts',
    titles: ['traffic flowing, a peer that drops everything inside, IPv6 black-holed, balanced'],
  },
  {
    file: 'e2e/daemon/left-alone.test.ts',
    titles: ['an endpoint that the peer roamed to, though no answer lists it'],
  },
  {
    file: 'e2e/drop-in.test.ts',
    titles: [
      'IPv6 black-holed: IPv4 is set, carries packets at once, and the server has heard of it',
      'DNS moved to a new address: it is followed',
      'three A records of which only the third works; the peer had no endpoint and has a preshared key',
    ],
  },
  {
    file: 'e2e/full-tunnel.test.ts',
    titles: [
      'unmarked packets to the server do travel inside, so that this tests something',
      'IPv6 black-holed: IPv4, --probe auto, {}',
    ],
  },
  {
    file: 'e2e/failback.test.ts',
    titles: [
      'IPv6 is whole again: back within one run, and no further run moves it',
      'IPv6 answers pings but carries no UDP: rolled back, left alone for a while',
    ],
  },
  {
    file: 'e2e/handshake.test.ts',
    titles: [
      'is authenticated in both families, and leaves no trace but the endpoint',
      'a preshared key: the right one, a wrong one, none',
      'a preshared key that only our side has is named at once',
      'an older timestamp is not answered, a later one is',
      'a closed port, a firewall that says so, one that does not, and no route',
      'asks for its cookie, and answers who brings it',
      'with the own key the peer roams to the probe, and one packet of the interface brings it back',
      'with a key of its own: nothing is lost, and nothing of the live peer is touched',
    ],
  },
  {
    file: 'e2e/host-conditions.test.ts',
    titles: ['a peer removed between our read and our set stays removed, --probe auto'],
  },
  {
    file: 'e2e/reset.test.ts',
    titles: [
      'the server’s WireGuard was restarted: the tunnel answers right after the reset, preshared key and all',
      'killed while `wg` has removed the peer and not added it: it is put back, and works',
      'as many allowed IPs as are safe are kept, more are refused',
    ],
  },
];

/** Imports the files of `scenarios`, and those made for the kernel alone, of which all tests are run. */
export const everythingFile = 'e2e/kernel/all.test.ts';
/** What the titles of the latter begin with: what only the kernel shows … */
export const kernelOnlyTitle = 'only the kernel shows: ';
/** … and what the daemon does there as elsewhere. */
export const daemonTitle = 'the daemon on the kernel:';

/** Matches the full names of all that is to be run. */
export function scenarioPattern(): RegExp {
  const ends = scenarios.flatMap(({ titles }) => titles.map((title) => `${escaped(title)}$`));
  return new RegExp([`^${kernelOnlyTitle}`, `^${daemonTitle} `, ...ends].join('|'));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
