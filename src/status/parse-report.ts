import { healths, proofKinds, type StatusReport, verdicts } from './report.ts';

/** A report, or in words why it is none. */
export type ParsedReport =
  | { readonly kind: 'ok'; readonly report: StatusReport }
  | { readonly kind: 'invalid'; readonly detail: string };

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const time: Check = (value) =>
  typeof value === 'string' && isoForm.test(value) && !Number.isNaN(Date.parse(value));
const milliseconds: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const rank: Check = (value) => Number.isInteger(value) && Number(value) >= 1;

const isoForm = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

const candidate = shape({
  endpoint: text,
  source: text,
  rank,
  verdict: oneOf(verdicts),
  rttMs: orNull(milliseconds),
  at: orNull(time),
});

const peer = shape({
  interface: text,
  publicKey: text,
  health: oneOf(healths),
  reason: orNull(text),
  endpoint: orNull(text),
  since: orNull(time),
  fallbackSince: orNull(time),
  proof: orNull(shape({ kind: oneOf(proofKinds), at: time, rttMs: orNull(milliseconds) })),
  lastSwitch: orNull(shape({ at: time, from: orNull(text), to: text, reason: text })),
  candidates: listOf(candidate),
});

const report = shape({ schema: (value) => value === 1, version: text, peers: listOf(peer) });

/**
 * Checks what came over the control socket before anything is shown of it: the daemon may be of another
 * version than the program that asks. Keys that are not known are let through. Never throws.
 */
export function parseStatusReport(value: unknown): ParsedReport {
  if (isReport(value)) return { kind: 'ok', report: value };
  const { schema, peers } = isRecord(value) ? value : {};
  if (typeof schema !== 'number' || !Array.isArray(peers)) return invalid('this is not a status report');
  if (schema !== 1) {
    return invalid(
      `the daemon's status has schema ${schema}, this program knows schema 1: they are of different versions; restart the daemon`,
    );
  }
  const wrong = peers.findIndex((entry) => !peer(entry));
  const part = wrong === -1 ? 'the head' : `entry ${wrong + 1}`;
  return invalid(
    `${part} of the daemon's status is not understood; restart the daemon if it is of another version`,
  );
}

function isReport(value: unknown): value is StatusReport {
  return report(value);
}

function invalid(detail: string): ParsedReport {
  return { kind: 'invalid', detail };
}

function shape(checks: Readonly<Record<string, Check>>): Check {
  return (value) =>
    isRecord(value) &&
    Object.entries(checks).every(([key, check]) => Object.hasOwn(value, key) && check(value[key]));
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

function oneOf(words: readonly string[]): Check {
  return (value) => typeof value === 'string' && words.includes(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
