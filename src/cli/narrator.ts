import type { Fact } from '../core/fact.ts';
import { proofWords, setCommand } from './words.ts';

/** What a person is told while a search goes on; null for what is only of interest with `--verbose`. */
export function narrate(
  interfaceName: string,
  publicKey: string,
  fact: Fact,
  verbose: boolean,
): string | null {
  switch (fact.kind) {
    case 'condemned':
      return `${fact.endpoint ?? 'The tunnel'} does not work: ${fact.reason}`;
    case 'trial':
      return `Trying ${fact.endpoint} on the tunnel`;
    case 'trial-failed':
      return `${fact.endpoint} does not work: ${fact.reason}`;
    case 'proven':
      return `${fact.proof.endpoint} works: ${proofWords(fact.proof)}`;
    case 'setting':
      return fact.reason === 'restore'
        ? `Putting back ${fact.endpoint}: ${setCommand(interfaceName, publicKey, fact.endpoint)}`
        : `Executing ${setCommand(interfaceName, publicKey, fact.endpoint)}`;
    case 'set':
      return fact.reason === 'restore'
        ? null
        : `Done executing ${setCommand(interfaceName, publicKey, fact.endpoint)}`;
    case 'set-failed':
      return `Error executing ${setCommand(interfaceName, publicKey, fact.endpoint)}: ${fact.detail}`;
    case 'reverted':
      return `${fact.endpoint} did not stay: the endpoint is ${fact.to ?? '(none)'} now, so that path is alive`;
    case 'roamed':
      return `The endpoint changed from ${fact.from ?? '(none)'} to ${fact.to ?? '(none)'} while it was looked at`;
    case 'fail-back':
      return failbackWords(fact);
    case 'candidates':
      return fact.cutOff > 0
        ? `Warning: only ${fact.endpoints.length} addresses are used; ${fact.cutOff} of the other family are left out`
        : null;
    case 'route':
      return verbose
        ? `${fact.endpoint}: ${fact.verdict === 'in-tunnel' ? 'its route leads into the tunnel itself' : 'no route'}`
        : null;
    case 'handshake':
      return verbose ? `${fact.endpoint}: handshake: ${fact.verdict}` : null;
    case 'hint':
      return verbose ? `${fact.endpoint}: ping outside the tunnel: ${fact.verdict}` : null;
    case 'endpoint-found':
      return verbose ? `The endpoint now set is ${fact.endpoint ?? '(none)'}` : null;
  }
}

function failbackWords(fact: Extract<Fact, { kind: 'fail-back' }>): string {
  switch (fact.outcome) {
    case 'offered':
      return `The tunnel works over ${fact.from}; trying the preferred ${fact.to}`;
    case 'done':
      return `Back on the preferred ${fact.to}`;
    case 'old-path-alive':
      return `Packets over ${fact.from} took the endpoint back, so that path is alive; staying there for now`;
    case 'rolled-back':
      return `The preferred ${fact.to} does not work yet; going back to ${fact.from}`;
  }
}
