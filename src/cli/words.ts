import { addressOf } from '../core/candidate.ts';
import type { Proof } from '../core/proof.ts';
import type { ResolvedCandidates } from '../resolve/candidates.ts';

/** How an endpoint was proven, in words. */
export function proofWords(proof: Proof): string {
  switch (proof.kind) {
    case 'echo':
      return `an echo through the tunnel was answered in ${milliseconds(proof.rttMs ?? 0)}`;
    case 'counters':
      return 'the peer answered our packet through the tunnel';
    case 'handshake':
      return 'a new handshake was completed';
  }
}

/** A list as the article's script prints it. */
export function pythonList(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(', ')}]`;
}

/** Addresses of endpoints, each once, in order. */
export function addressesOf(endpoints: readonly string[]): string[] {
  return [...new Set(endpoints.map(addressOf))];
}

/** What was left out of a name's answers, and why; one sentence each. */
export function leftOutWords(resolved: ResolvedCandidates | null): string[] {
  const dropped = (resolved?.dropped ?? []).map(({ address, reason }) => `${address} is left out: ${reason}`);
  const count = resolved?.cutOffCount ?? 0;
  const addresses = count === 1 ? '1 more address is' : `${count} more addresses are`;
  return count === 0 ? dropped : [...dropped, `Warning: ${addresses} left out; nobody needs so many`];
}

/** The command that sets an endpoint, as a person would type it. */
export function setCommand(interfaceName: string, publicKey: string, endpoint: string): string {
  return `wg set ${interfaceName} peer ${publicKey} endpoint ${endpoint}`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
