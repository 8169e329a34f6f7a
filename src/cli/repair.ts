import { type FoundPeer, findPeers } from '../oneshot/find-peers.ts';
import type { PeerResult } from '../oneshot/request.ts';
import { readWgQuickDirectory } from '../sources/wg-quick.ts';
import { readDevice } from '../wireguard/device.ts';
import { type CommonOptions, readRunOptions } from './common-options.ts';
import { exitCode, repairExitCode } from './exit-code.ts';
import { jsonResult } from './json-result.ts';
import { narrate } from './narrator.ts';
import { createOutput, type Output } from './output.ts';
import { repairOrAsk } from './repair-or-ask.ts';
import { readInterfaceName, readPublicKey } from './values.ts';
import { concludeRepair, repairViaDaemon } from './via-daemon.ts';
import { leftOutWords, proofWords } from './words.ts';

/**
 * `wg-reach repair [IFACE [PEER]]`: looks after every peer with a host name in the wg-quick files, all interfaces at
 * the same time. Returns the worst of the peers' exit codes. Throws a `UsageError` before anything is looked at.
 */
export async function runRepair(
  interfaceText: string | undefined,
  peerText: string | undefined,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<number> {
  const run = readRunOptions(options);
  const selection = {
    interface: interfaceText === undefined ? null : readInterfaceName(interfaceText),
    publicKey: peerText === undefined ? null : readPublicKey(peerText),
  };
  const output = createOutput({ quiet: options.quiet === true, json: options.json === true });
  const daemon = run.dryRun
    ? null
    : await repairViaDaemon({ ...selection, runtimeDirectory: run.runtimeDirectory, endMs: run.endMs });
  if (daemon) return concludeRepair(daemon, output);
  const found = findPeers(await readWgQuickDirectory(), selection);
  for (const warning of found.warnings) output.error(`warning: ${warning}`);
  if (found.peers.length === 0) {
    if (found.warnings.length === 0)
      output.error(nothingFound(selection.interface, found.withoutName.length));
    output.end({ noteworthy: true, json: { peers: [] } });
    return exitCode.failed;
  }

  const groups = groupByInterface(found.peers);
  const summaries: { json: object; code: number; noteworthy: boolean }[] = [];
  await Promise.all(
    [...groups].map(async ([name, peers]) => {
      if (selection.interface === null && (await readDevice(name)).kind === 'absent') {
        output.lines([`${name}: there is no such interface now, so there is nothing to repair`]);
        return;
      }
      const results = await repairOrAsk({
        interface: name,
        peers: peers.map((peer) => peer.request),
        run,
        signal,
        report: {
          fact(publicKey, fact) {
            // The closing sentence says it again.
            if (fact.kind === 'proven' && options.verbose !== true) return;
            const line = narrate(name, publicKey, fact, options.verbose === true);
            if (line !== null) output.lines([`${label(name, publicKey, peers)}: ${line}`]);
          },
          warning: (detail) => output.error(`warning: ${detail}`),
        },
      });
      for (const result of results) summaries.push(conclude(name, peers, result, output));
    }),
  );
  output.end({
    noteworthy: summaries.some((summary) => summary.noteworthy),
    json: { peers: summaries.map((summary) => summary.json) },
  });
  return Math.max(exitCode.ok, ...summaries.map((summary) => summary.code));
}

function conclude(name: string, peers: readonly FoundPeer[], result: PeerResult, output: Output) {
  const about = label(name, result.publicKey, peers);
  const code = result.kind === 'ran' ? repairExitCode(result.outcome) : exitCode.failed;
  if (code === exitCode.ok && result.kind === 'ran') output.lines([`${about}: ${summary(result)}`]);
  else output.error(`${about}: ${result.kind === 'ran' ? summary(result) : result.detail}`);
  const changed =
    result.kind === 'ran' && (result.before !== result.after || result.outcome.kind === 'would-set');
  return { json: jsonResult(name, result, code), code, noteworthy: code !== exitCode.ok || changed };
}

/** One sentence that says how it ended. */
function summary(result: Extract<PeerResult, { kind: 'ran' }>): string {
  const { outcome, before, after, snapshot } = result;
  switch (outcome.kind) {
    case 'proven': {
      const how = snapshot.proof ? ` (${proofWords(snapshot.proof)})` : '';
      if (before !== after) return `moved from ${before ?? '(none)'} to ${after ?? '(none)'}${how}`;
      const unresolved =
        snapshot.candidates.length === 0 ? '; warning: its name gives no usable address' : '';
      return `works over ${after ?? '(none)'}${how}; nothing to do${unresolved}`;
    }
    case 'chosen':
      return before === after
        ? `endpoint is already ${after ?? '(none)'}`
        : `moved from ${before ?? '(none)'} to ${after ?? '(none)'}`;
    case 'would-set':
      return `dry run: would have moved from ${before ?? '(none)'} to ${outcome.endpoint}`;
    case 'undecided':
      return `left on ${after ?? '(none)'}: ${outcome.detail}`;
    case 'no-candidates':
      return `does not work, and its name gives no usable address; look at the DNS of this host${leftOut(result)}`;
    case 'none-works':
      return `${outcome.detail}; the endpoint is ${after ?? '(none)'}`;
    case 'stopped':
      return `${outcome.detail}; the endpoint is ${after ?? '(none)'}`;
    case 'gone':
    case 'failed':
      return outcome.detail;
  }
}

function leftOut(result: Extract<PeerResult, { kind: 'ran' }>): string {
  const words = leftOutWords(result.resolved);
  return words.length === 0 ? '' : ` (${words.join('; ')})`;
}

function label(name: string, publicKey: string, peers: readonly FoundPeer[]): string {
  const written = peers.find((peer) => peer.request.publicKey === publicKey)?.written;
  return `${name} ${publicKey}${written === undefined ? '' : ` (${written})`}`;
}

function groupByInterface(peers: readonly FoundPeer[]): Map<string, FoundPeer[]> {
  const groups = new Map<string, FoundPeer[]>();
  for (const peer of peers) groups.set(peer.interface, [...(groups.get(peer.interface) ?? []), peer]);
  return groups;
}

function nothingFound(interfaceName: string | null, withoutName: number): string {
  const where = interfaceName === null ? '/etc/wireguard/*.conf' : `/etc/wireguard/${interfaceName}.conf`;
  const others = withoutName === 0 ? '' : ` (${withoutName} without one)`;
  return `no peer with a host name as its endpoint was found in ${where}${others}; give one by hand with --interface, --peer, --host and --port`;
}
