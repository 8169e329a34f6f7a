import { parseInterfaceName } from '../wireguard/interface-name.ts';
import { parsePublicKey } from '../wireguard/key.ts';
import { isOneShotRequest, type OneShotRequest } from './one-shot-request.ts';

/** What the daemon can be asked to do. */
export const controlCommands = ['status', 'pause', 'resume', 'repair', 'reload', 'one-shot'] as const;

/** One of `controlCommands`. */
export type ControlCommand = (typeof controlCommands)[number];

/**
 * One request, one line of JSON. Without `interface` and `publicKey` all managed peers are meant; with one of
 * them, all that match.
 */
export interface ControlRequest {
  /** Comes back in each reply; 0 or more. */
  readonly id: number;
  readonly command: ControlCommand;
  readonly interface?: string;
  readonly publicKey?: string;
  /** `pause` only: for how long; for ever unless given. */
  readonly forMs?: number;
  /** `repair` only: say what would be done. */
  readonly dryRun?: boolean;
  /** `one-shot` only, and always there, together with `interface`. */
  readonly oneShot?: OneShotRequest;
}

/** One line of the daemon: any number of `progress`, then one `result` or one `error`. */
export type ControlReply =
  | { readonly id: number; readonly progress: string }
  | { readonly id: number; readonly result: unknown }
  /** `id` is null where the request was too damaged to have one. */
  | { readonly id: number | null; readonly error: ControlError };

/** `code` is stable, for programs; `message` is for people. */
export interface ControlError {
  readonly code: string;
  readonly message: string;
}

/** What a handler says. `result` must be writable as JSON. */
export type ControlAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** What a handler is given besides the request. */
export interface ControlContext {
  /** One line for the person who waits. Lost where the client does not read. */
  progress(text: string): void;
  /** Aborted when the client is gone, the daemon stops, or the answer takes too long: nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Carries out one command. One that throws is a bug: it is logged, and the client gets the error `internal`. */
export type ControlHandler = (
  request: ControlRequest,
  context: ControlContext,
) => ControlAnswer | Promise<ControlAnswer>;

/** A request, or the error that answers it. */
export type ParsedRequest =
  | { readonly kind: 'ok'; readonly request: ControlRequest }
  | { readonly kind: 'invalid'; readonly id: number | null; readonly error: ControlError };

/** One line without its end, or the news that a line is longer than allowed and nothing more will be read. */
export type ControlLine =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-long' };

/** Takes a stream in pieces and gives it back in lines. */
export interface LineReader {
  push(chunk: Uint8Array): void;
  /** The next whole line; null until more is pushed, and for ever after `too-long`. */
  next(): ControlLine | null;
}

/** The socket's name in the runtime directory. */
export const controlSocket = 'control.sock';

/** Hundreds of times what a request needs. */
export const maxRequestBytes = 65_536;

/** 1,000 peers with 16 candidates each make about 3 MB. */
export const maxReplyBytes = 33_554_432;

/**
 * The kernel's limit for a socket's path: 108 bytes with the closing zero. It must be kept before Node sees the
 * path, since Node 20 cuts a longer one silently and uses another file.
 */
export const maxSocketPathBytes = 107;

/** A year: longer is not a pause; `manage = false` in the configuration is meant for that. */
const maxPauseMs = 31_536_000_000;

const newline = 0x0a;

/** Creates a reader that keeps at most one line of `maxBytes` and the last pushed piece. */
export function createLineReader(maxBytes: number): LineReader {
  let head: Uint8Array[] = [];
  let headBytes = 0;
  let rest: Uint8Array = new Uint8Array();
  let overflown = false;

  function tooLong(): ControlLine {
    overflown = true;
    head = [];
    rest = new Uint8Array();
    return { kind: 'too-long' };
  }

  return {
    push(chunk) {
      if (overflown) return;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    },
    next() {
      if (rest.length === 0) return null;
      const end = rest.indexOf(newline);
      if (headBytes + (end === -1 ? rest.length : end) > maxBytes) return tooLong();
      if (end === -1) {
        head.push(rest);
        headBytes += rest.length;
        rest = new Uint8Array();
        return null;
      }
      const bytes = Buffer.concat([...head, rest.subarray(0, end)]);
      head = [];
      headBytes = 0;
      rest = rest.subarray(end + 1);
      return { kind: 'line', bytes };
    },
  };
}

/**
 * Reads a request. Any bytes at all give a request or an error with one of the codes `not-json`,
 * `not-a-request`, `unknown-command` and `bad-value`; never an exception. A key that is not known is an error:
 * a mistyped `dryRun` must not become a real repair.
 */
export function parseRequest(bytes: Uint8Array): ParsedRequest {
  const value = parseJson(bytes);
  if (value === undefined) return invalid(null, 'not-json', 'the request is not one line of JSON in UTF-8');
  const {
    id,
    command,
    interface: interfaceName,
    publicKey,
    forMs,
    dryRun,
    oneShot,
    ...others
  } = recordOf(value);
  if (!isId(id)) {
    return invalid(
      null,
      'not-a-request',
      'the request is not an object with a whole number "id" of 0 or more',
    );
  }
  const bad = (key: string, expected: string): ParsedRequest =>
    invalid(id, 'bad-value', `"${key}" of the request is not understood: expected ${expected}`);
  const known = controlCommands.find((name) => name === command);
  if (known === undefined) {
    return invalid(id, 'unknown-command', `the command is none of ${controlCommands.join(', ')}`);
  }
  const [other] = Object.keys(others);
  if (other !== undefined)
    return bad(other.slice(0, 40), 'no such key; the daemon may be of an older version');
  if (interfaceName !== undefined && !isInterfaceName(interfaceName))
    return bad('interface', 'an interface name');
  if (publicKey !== undefined && !isPublicKey(publicKey)) return bad('publicKey', 'a WireGuard public key');
  if (forMs !== undefined && !(known === 'pause' && isPause(forMs))) {
    return bad('forMs', `a whole number from 1 to ${maxPauseMs}, with the command pause`);
  }
  if (dryRun !== undefined && !(known === 'repair' && typeof dryRun === 'boolean')) {
    return bad('dryRun', 'true or false, with the command repair');
  }
  if (oneShot !== undefined && !(known === 'one-shot' && isOneShotRequest(oneShot))) {
    return bad('oneShot', 'peers with keys, hosts and ports, a probe and a time, with the command one-shot');
  }
  if (known === 'one-shot' && (oneShot === undefined || interfaceName === undefined)) {
    return bad('oneShot', 'it and an interface, with the command one-shot');
  }
  return {
    kind: 'ok',
    request: {
      id,
      command: known,
      ...(interfaceName === undefined ? {} : { interface: interfaceName }),
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(forMs === undefined ? {} : { forMs }),
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(oneShot === undefined ? {} : { oneShot }),
    },
  };
}

/** Reads one line of the daemon; null for what is none. Never throws. */
export function parseReply(bytes: Uint8Array): ControlReply | null {
  const { id, progress, result, error } = recordOf(parseJson(bytes));
  if (error !== undefined) {
    const { code, message } = recordOf(error);
    if (!(isId(id) || id === null) || typeof code !== 'string' || typeof message !== 'string') return null;
    return { id, error: { code, message } };
  }
  if (!isId(id)) return null;
  if (result !== undefined) return { id, result };
  return typeof progress === 'string' ? { id, progress } : null;
}

/** A reply as a line. Throws where `result` cannot be written as JSON, which is a bug of whoever made it. */
export function formatReply(reply: ControlReply): string {
  return `${JSON.stringify('result' in reply ? { ...reply, result: reply.result ?? null } : reply)}\n`;
}

function invalid(id: number | null, code: string, message: string): ParsedRequest {
  return { kind: 'invalid', id, error: { code, message } };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isInterfaceName(value: unknown): value is string {
  return typeof value === 'string' && parseInterfaceName(value).kind === 'ok';
}

function isPublicKey(value: unknown): value is string {
  return typeof value === 'string' && parsePublicKey(value).kind === 'ok';
}

function isPause(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= maxPauseMs;
}

/** The keys of an object; none for everything else. */
function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
