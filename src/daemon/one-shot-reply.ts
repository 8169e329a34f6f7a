import type { Fact } from '../core/fact.ts';
import type { PeerResult } from '../oneshot/request.ts';

/** What happens to one peer while a one-shot goes on. */
export interface OneShotNews {
  readonly publicKey: string;
  readonly fact: Fact;
}

/** News as one line of progress. */
export function formatNews(news: OneShotNews): string {
  return JSON.stringify(news);
}

/**
 * Reads a line of progress back; null for what is none. Only the frame is checked: the daemon has refused a request of
 * another version, so that the rest is in the form of this one. Never throws.
 */
export function parseNews(text: string): OneShotNews | null {
  try {
    const value: unknown = JSON.parse(text);
    return isNews(value) ? value : null;
  } catch {
    return null;
  }
}

/** Reads the results back, in the same way; null for what is none. */
export function parseResults(value: unknown): PeerResult[] | null {
  return isRecord(value) && Array.isArray(value.results) && value.results.every(isResult)
    ? value.results
    : null;
}

function isNews(value: unknown): value is OneShotNews {
  return (
    isRecord(value) &&
    typeof value.publicKey === 'string' &&
    isRecord(value.fact) &&
    typeof value.fact.kind === 'string'
  );
}

function isResult(value: unknown): value is PeerResult {
  if (!isRecord(value) || typeof value.publicKey !== 'string') return false;
  if (value.kind === 'refused') return typeof value.detail === 'string';
  const { outcome, snapshot } = value;
  return (
    value.kind === 'ran' &&
    isRecord(outcome) &&
    typeof outcome.kind === 'string' &&
    isRecord(snapshot) &&
    Array.isArray(snapshot.candidates)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
