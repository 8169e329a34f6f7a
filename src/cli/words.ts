import { addressOf } from '../core/candidate.ts';
import type { Proof } from '../core/proof.ts';

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

/** The command that sets an endpoint, as a person would type it. */
export function setCommand(interfaceName: string, publicKey: string, endpoint: string): string {
  return `wg set ${interfaceName} peer ${publicKey} endpoint ${endpoint}`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
