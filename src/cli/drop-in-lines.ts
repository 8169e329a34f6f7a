import type { CandidateState } from '../core/candidate.ts';
import { addressOf } from '../core/candidate.ts';
import type { Fact } from '../core/fact.ts';
import type { PeerResult } from '../oneshot/request.ts';
import { narrate } from './narrator.ts';
import { addressesOf, leftOutWords, pythonList, setCommand } from './words.ts';

/** What the printed lines are about. */
export interface DropInSubject {
  readonly interface: string;
  readonly publicKey: string;
  readonly host: string;
  readonly verbose: boolean;
}

/** Turns what happens to one peer into the lines of the article's script, and a few more. */
export interface DropInLines {
  fact(fact: Fact): string[];
  end(result: Extract<PeerResult, { kind: 'ran' }>): string[];
}

type Verdict = 'reachable' | 'not reachable' | 'unasked';

/** The lines come as things happen; each of the article's facts is printed exactly once. */
export function createDropInLines(subject: DropInSubject): DropInLines {
  let candidates: readonly string[] = [];
  const verdicts = new Map<string, { readonly verdict: Verdict; readonly why: string }>();
  let existing: string | null = null;
  let candidatesSaid = false;
  const verdictsSaid = new Set<string>();
  let choiceSaid = false;

  /** Candidates and the verdicts known by now: said before anything is done. */
  function preamble(): string[] {
    const lines: string[] = [];
    if (candidates.length > 0 && !candidatesSaid) {
      candidatesSaid = true;
      lines.push(`Candidate addresses: ${pythonList(addressesOf(candidates))}`);
    }
    for (const endpoint of candidatesSaid ? candidates : []) {
      const known = verdicts.get(endpoint);
      if (!known || verdictsSaid.has(endpoint)) continue;
      verdictsSaid.add(endpoint);
      lines.push(`${addressOf(endpoint)} is ${known.verdict}${known.why}`);
    }
    return lines;
  }

  function choice(chosen: string | null): string[] {
    if (choiceSaid) return [];
    choiceSaid = true;
    const reachable = candidates.filter((endpoint) => verdicts.get(endpoint)?.verdict === 'reachable');
    return [
      ...(candidates.length > 0 ? [`All reachable addresses: ${pythonList(addressesOf(reachable))}`] : []),
      ...(chosen === null ? [] : [`Chosen endpoint is ${chosen}`]),
      `Existing endpoint is ${existing ?? '(none)'}`,
    ];
  }

  function note(fact: Fact): void {
    if (fact.kind === 'endpoint-found') existing = fact.endpoint;
    if (fact.kind === 'candidates') candidates = fact.endpoints;
    if (fact.kind === 'hint') verdicts.set(fact.endpoint, hintVerdict(fact.verdict));
    if (fact.kind === 'route') verdicts.set(fact.endpoint, routeVerdict(fact.verdict, subject.interface));
  }

  return {
    fact(fact) {
      note(fact);
      const line = narrate(subject.interface, subject.publicKey, fact, subject.verbose);
      if (line === null) return [];
      const decided = fact.kind === 'setting' && fact.reason === 'hint';
      return [...preamble(), ...(decided ? choice(fact.endpoint) : []), line];
    },
    end(result) {
      const unasked = result.snapshot.candidates
        .filter((candidate) => !verdicts.has(candidate.endpoint))
        .map(unaskedLine);
      return [
        ...preamble(),
        ...unasked,
        ...leftOutWords(result.resolved),
        ...ending(result, choice, subject, candidates),
      ];
    },
  };
}

function ending(
  { outcome, before, after }: Extract<PeerResult, { kind: 'ran' }>,
  choice: (chosen: string | null) => string[],
  subject: DropInSubject,
  candidates: readonly string[],
): string[] {
  const unresolved = candidates.length === 0 ? [`No addresses resolved for ${subject.host}.`] : [];
  const unlisted = after !== null && candidates.length > 0 && !candidates.includes(after);
  switch (outcome.kind) {
    case 'proven':
    case 'chosen': {
      const warning = unresolved.map((line) => `Warning: ${line} The tunnel is alive, so it is left alone.`);
      const nothing = before === after ? [`Nothing to do: endpoint is already ${after ?? '(none)'}`] : [];
      const kept = unlisted
        ? [`${after} is none of the addresses of ${subject.host}, but the tunnel works, so it is kept`]
        : [];
      return [...warning, ...choice(after), ...kept, ...nothing];
    }
    case 'undecided':
      return [...choice(null), ...(outcome.heard ? [`Warning: nothing was changed: ${outcome.detail}`] : [])];
    case 'would-set':
      return [
        ...choice(outcome.endpoint),
        outcome.endpoint === before
          ? `Nothing to do: endpoint is already ${before}`
          : `DRY RUN: Would have executed ${setCommand(subject.interface, subject.publicKey, outcome.endpoint)}`,
      ];
    case 'none-works':
      return [
        ...choice(null),
        `None of the tested endpoints (${pythonList(addressesOf(candidates))}) were reachable: ${outcome.detail}.`,
        ...(before === null && after !== null ? [`There was no endpoint before; it is ${after} now`] : []),
      ];
    case 'stopped':
      return [...choice(null), `Stopped: ${outcome.detail}; the endpoint is ${after ?? '(none)'}`];
    case 'no-candidates':
      return unresolved;
    case 'gone':
    case 'failed':
      return [];
  }
}

function unaskedLine(candidate: Readonly<CandidateState>): string {
  return `${addressOf(candidate.endpoint)} has not answered yet, and was not waited for`;
}

function hintVerdict(verdict: 'reachable' | 'silent' | 'unroutable'): { verdict: Verdict; why: string } {
  if (verdict === 'reachable') return { verdict: 'reachable', why: '' };
  return { verdict: 'not reachable', why: verdict === 'unroutable' ? ' (this host cannot send to it)' : '' };
}

function routeVerdict(
  verdict: 'no-route' | 'in-tunnel',
  interfaceName: string,
): { verdict: Verdict; why: string } {
  const why = verdict === 'no-route' ? ' (no route)' : ` (its route leads into ${interfaceName} itself)`;
  return { verdict: 'not reachable', why };
}
