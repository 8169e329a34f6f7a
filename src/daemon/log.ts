import { fstatSync } from 'node:fs';
import type { Instant } from '../core/instant.ts';
import { printable } from '../status/printable.ts';

/** From least to most urgent. `notice` is what an operator wants to know of: a switch, a lost tunnel. */
export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error';

/** What may stand in a field. Never a private or preshared key. */
export type LogValue = string | number | boolean | null | readonly string[];

/** What belongs to an event; a field that is undefined is left out. `message` is the sentence for people. */
export interface LogFields {
  readonly message?: string | undefined;
  readonly interface?: string | undefined;
  readonly publicKey?: string | undefined;
  readonly [key: string]: LogValue | undefined;
}

/** Writes one line for one event. `event` is a stable name such as `endpoint-switched`. Nothing here throws. */
export type LogEvent = (event: string, fields?: LogFields) => void;

/** The log, one function a level. */
export interface Log extends Readonly<Record<LogLevel, LogEvent>> {
  /** Says at once how many lines were held back as repetitions: for the end of the process. */
  flush(): void;
}

/** How the log is written. */
export interface LogOptions {
  /** `json`: one object a line, beginning with time, level, event, message, interface, publicKey (or null). */
  readonly format: 'text' | 'json';
  /** Each line begins with a syslog priority, `<4>`, and text has no time stamp: the journal has both. */
  readonly journald: boolean;
  /** With the level `debug`. */
  readonly verbose: boolean;
  /** Takes a whole line with its end. */
  readonly write: (line: string) => void;
  /** The clocks; the system's own unless given. */
  readonly now?: () => Instant;
}

const priorities: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, notice: 5, warning: 4, error: 3 };

/** PIPE_BUF: a line of this size is never mixed with those of another process on the same pipe. */
const maxLineBytes = 4_096;
/** Enough for a sentence with a program's complaint in it. */
const maxValueLength = 1_000;
const maxFields = 32;
const maxListed = 20;

/** The same line this often within the window says something; more of them only hide other lines. */
const burst = 3;
const windowMs = 60_000;
/** Different lines remembered at a time, at about a kilobyte. */
const maxRemembered = 256;

/** Characters that Node gathers for a reader that does not keep up; then lines are lost, not memory. */
const maxUnwritten = 1_048_576;

interface Entry {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/**
 * Creates a log. Values are made safe for a terminal and cut, so that a line has at most 4096 bytes. Of the
 * same line three a minute are written; how many were held back is said a minute later.
 */
export function createLog(options: LogOptions): Log {
  const now = options.now ?? systemClocks;
  const recent = new Map<string, Entry & { readonly begunMs: number; written: number; heldBack: number }>();
  let sweeper: NodeJS.Timeout | undefined;

  function write(entry: Entry): void {
    try {
      options.write(lineOf(entry, options, now().wallMs));
    } catch {
      // There is nowhere to complain.
    }
  }

  function settle(key: string): void {
    const entry = recent.get(key);
    recent.delete(key);
    if (entry === undefined || entry.heldBack === 0) return;
    const message = `${entry.fields.message ?? entry.event} (the same line came ${entry.heldBack} more times)`;
    write({ ...entry, fields: { ...entry.fields, message, suppressed: entry.heldBack } });
  }

  function sweep(sinceMs: number): void {
    for (const [key, entry] of recent) if (entry.begunMs <= sinceMs) settle(key);
  }

  function armSweeper(): void {
    sweeper ??= setTimeout(() => {
      sweeper = undefined;
      sweep(now().monotonicMs - windowMs);
      if ([...recent.values()].some((entry) => entry.heldBack > 0)) armSweeper();
    }, windowMs).unref();
  }

  function log(entry: Entry): void {
    if (entry.level === 'debug' && !options.verbose) return;
    const key = JSON.stringify(entry);
    const { monotonicMs } = now();
    const known = recent.get(key);
    if (known !== undefined && monotonicMs - known.begunMs < windowMs) {
      if (known.written < burst) {
        known.written += 1;
        return write(entry);
      }
      known.heldBack += 1;
      return armSweeper();
    }
    if (known !== undefined) settle(key);
    const [oldest] = recent.keys();
    if (recent.size >= maxRemembered && oldest !== undefined) settle(oldest);
    recent.set(key, { ...entry, begunMs: monotonicMs, written: 1, heldBack: 0 });
    write(entry);
  }

  const at =
    (level: LogLevel): LogEvent =>
    (event, fields = {}) =>
      log({ level, event, fields });

  return {
    debug: at('debug'),
    info: at('info'),
    notice: at('notice'),
    warning: at('warning'),
    error: at('error'),
    flush() {
      clearTimeout(sweeper);
      sweeper = undefined;
      sweep(Number.POSITIVE_INFINITY);
    },
  };
}

/** Whether standard error is the journal's own stream, going by systemd's `JOURNAL_STREAM` (`device:inode`). */
export function stderrIsJournal(journalStream: string | undefined, fileDescriptor = 2): boolean {
  const [, device, inode] = /^(\d+):(\d+)$/.exec(journalStream ?? '') ?? [];
  if (device === undefined || inode === undefined) return false;
  try {
    const found = fstatSync(fileDescriptor, { bigint: true });
    return found.dev === BigInt(device) && found.ino === BigInt(inode);
  } catch {
    return false;
  }
}

/** A `write` for standard error. Lines are lost, and nothing else happens, where nobody reads them any more. */
export function stderrWriter(stream: NodeJS.WriteStream = process.stderr): (line: string) => void {
  stream.on('error', () => {});
  return (line) => {
    if (stream.writableLength <= maxUnwritten) stream.write(line);
  };
}

function systemClocks(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** Halves what a value may have until the line fits, so that short values, which say who and where, stay whole. */
function lineOf(entry: Entry, options: LogOptions, wallMs: number): string {
  const time = new Date(wallMs).toISOString();
  const prefix = options.journald ? `<${priorities[entry.level]}>` : '';
  for (let limit = maxValueLength; ; limit = Math.floor(limit / 2)) {
    const words =
      options.format === 'json'
        ? jsonWords(entry, time, limit)
        : `${options.journald ? '' : `${time} ${entry.level} `}${textWords(entry, limit)}`;
    const line = `${prefix}${words}\n`;
    if (limit === 0 || Buffer.byteLength(line) <= maxLineBytes) return line;
  }
}

function jsonWords({ level, event, fields }: Entry, time: string, limit: number): string {
  const { message = null, interface: interfaceName = null, publicKey = null } = cutFields(fields, limit);
  const stable = { time, level, event: cut(event, limit), message, interface: interfaceName, publicKey };
  const json = JSON.stringify({ ...stable, ...Object.fromEntries(otherFields(fields, limit)), ...stable });
  // JSON leaves some characters as they are that end a line or turn the writing direction elsewhere.
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function textWords({ event, fields }: Entry, limit: number): string {
  const { message, interface: interfaceName, publicKey } = cutFields(fields, limit);
  const named = [
    ...(interfaceName === undefined ? [] : [['interface', interfaceName] as const]),
    ...(publicKey === undefined ? [] : [['publicKey', publicKey] as const]),
    ...otherFields(fields, limit),
  ];
  const sentence = message === undefined ? '' : `: ${printable(message)}`;
  return [
    `${printable(cut(event, limit))}${sentence}`,
    ...named.map(([key, value]) => `${key}=${textValue(value)}`),
  ].join(' ');
}

function textValue(value: LogValue): string {
  const text = printable(Array.isArray(value) ? value.join(',') : String(value));
  return /^[^\s"]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

function cutFields(fields: LogFields, limit: number): Pick<LogFields, 'message' | 'interface' | 'publicKey'> {
  const { message, interface: interfaceName, publicKey } = fields;
  return {
    message: message === undefined ? undefined : cut(message, limit),
    interface: interfaceName === undefined ? undefined : cut(interfaceName, limit),
    publicKey: publicKey === undefined ? undefined : cut(publicKey, limit),
  };
}

/** The fields beside the stable ones. */
function otherFields(fields: LogFields, limit: number): (readonly [string, LogValue])[] {
  const { message: _message, interface: _interface, publicKey: _publicKey, ...others } = fields;
  return Object.entries(others)
    .slice(0, maxFields)
    .flatMap(([key, value]) => {
      const name = key.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 40);
      return value === undefined ? [] : [[name, cutValue(value, limit)] as const];
    });
}

function cutValue(value: LogValue, limit: number): LogValue {
  if (typeof value === 'string') return cut(value, limit);
  return isList(value) ? value.slice(0, maxListed).map((item) => cut(item, limit)) : value;
}

function isList(value: LogValue): value is readonly string[] {
  return Array.isArray(value);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : limit === 0 ? '' : `${text.slice(0, limit)}…`;
}
