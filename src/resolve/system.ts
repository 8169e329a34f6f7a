import { lookup } from 'node:dns/promises';
import { atMost } from '../host/at-most.ts';
import { type ProgramResult, runProgram } from '../host/program.ts';
import { parseAddress } from '../wireguard/address.ts';
import { parseHost } from './host-name.ts';

/** What the system's resolver said about one name in one family. `elapsedMs`: how long it took to say so. */
export type FamilyAnswer = { readonly family: 4 | 6; readonly elapsedMs: number } & (
  | {
      readonly kind: 'addresses';
      /** Canonical, without duplicates, in the resolver's order (which is RFC 6724's); never empty. */
      readonly addresses: readonly string[];
      /** Addresses beyond `maxAddresses`, which were dropped. */
      readonly droppedCount: number;
    }
  /**
   * No such name, no address of this family, or a DNS server that refused, failed or gave no answer: `getent`
   * says the same for all of them. A server that gave no answer shows by an `elapsedMs` of seconds.
   */
  | { readonly kind: 'no-address' }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'failed'; readonly detail: string }
);

/** How a name is to be resolved. */
export interface ResolveOptions {
  /** For both families together: they are asked at the same time. */
  readonly timeoutMs: number;
  /** Called once for each family, as soon as its answer is there. */
  readonly onAnswer?: (answer: FamilyAnswer) => void;
  /** Aborting ends the look-up, so that it cannot hold up the end of this process. */
  readonly signal?: AbortSignal;
}

/** More than fit a UDP answer of ordinary size; nobody publishes more endpoints of one server. */
const maxAddresses = 64;

/**
 * Asks the system's resolver for the IPv4 and the IPv6 addresses of a name, separately and at once.
 *
 * It runs `getent`, one process a family, which is killed at the time-out: nsswitch.conf, /etc/hosts and mDNS
 * all count, and a dead name delays nobody else. Node's own look-up has a small pool of threads that dead
 * names fill up, and that the end of the process waits for; it is used only where `getent` is missing.
 *
 * Note that `getent` leaves out a family of which the host has no address but loopback.
 *
 * Always settles, with the answers for 4 and 6 in this order.
 */
export async function resolveSystem(name: string, options: ResolveOptions): Promise<readonly FamilyAnswer[]> {
  const startedMs = performance.now();
  const ask = async (family: 4 | 6): Promise<FamilyAnswer> => {
    const outcome = await resolveFamily(name, family, options);
    const answer = { family, elapsedMs: performance.now() - startedMs, ...outcome };
    options.onAnswer?.(answer);
    return answer;
  };
  return Promise.all([ask(4), ask(6)]);
}

type Outcome = FamilyAnswer extends infer Answer
  ? Answer extends FamilyAnswer
    ? Omit<Answer, 'family' | 'elapsedMs'>
    : never
  : never;

/**
 * Processes at once: a dead name holds one for ten seconds, so there must be many more than dead names; each takes
 * about a megabyte.
 */
const together = atMost(128);

async function resolveFamily(name: string, family: 4 | 6, options: ResolveOptions): Promise<Outcome> {
  const host = parseHost(name);
  // A name that starts with '-' would be an option to getent.
  if (host.kind === 'invalid') return { kind: 'failed', detail: host.reason };
  if (host.kind === 'address') return toOutcome(host.family === family ? [host.address] : [], family);
  const { timeoutMs, signal } = options;
  const result = await together(() =>
    runProgram('getent', [`ahostsv${family}`, host.name], {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  return result.kind === 'missing' ? lookupInProcess(host.name, family, options) : readGetent(result, family);
}

/** Reads what `getent ahostsv4|ahostsv6` printed or how it ended. */
export function readGetent(result: Exclude<ProgramResult, { kind: 'missing' }>, family: 4 | 6): Outcome {
  switch (result.kind) {
    case 'timed-out':
      return { kind: 'timed-out' };
    case 'killed':
      return { kind: 'failed', detail: `the look-up was ended by the signal ${result.signal}` };
    case 'failed':
      return { kind: 'failed', detail: `the program 'getent' could not be started: ${result.detail}` };
    case 'exited':
      if (result.code === 0) {
        const words = result.stdout.split('\n').map((line) => line.trim().split(/\s+/)[0] ?? '');
        return toOutcome(words, family);
      }
      if (result.code === noSuchKey) return { kind: 'no-address' };
      return { kind: 'failed', detail: `'getent' ended with code ${result.code}` };
  }
}

/** getent(1): "One or more supplied key could not be found in the database." */
const noSuchKey = 2;

/** Keeps the addresses of that family. For an IPv4-only name `ahostsv6` prints IPv4-mapped ones, which are read as IPv4. */
function toOutcome(words: readonly string[], family: 4 | 6): Outcome {
  const addresses = new Set<string>();
  for (const word of words) {
    const parsed = parseAddress(word);
    if (parsed?.family === family) addresses.add(parsed.address);
  }
  if (addresses.size === 0) return { kind: 'no-address' };
  return {
    kind: 'addresses',
    addresses: [...addresses].slice(0, maxAddresses),
    droppedCount: Math.max(0, addresses.size - maxAddresses),
  };
}

function lookupInProcess(name: string, family: 4 | 6, options: ResolveOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      resolve(outcome);
    };
    const abort = (): void => end({ kind: 'failed', detail: 'the look-up was ended' });
    const timer = setTimeout(() => end({ kind: 'timed-out' }), options.timeoutMs);
    options.signal?.addEventListener('abort', abort);
    if (options.signal?.aborted) abort();
    lookup(name, { family, all: true, verbatim: true })
      .then((found) => found.map((entry) => entry.address))
      .then((words) => end(toOutcome(words, family)))
      .catch((error: unknown) => end(lookupFailure(error)));
  });
}

function lookupFailure(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'ENODATA') return { kind: 'no-address' };
  return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) };
}
