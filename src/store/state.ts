/** What is remembered of one peer. */
export interface PeerState {
  /** By endpoint text: when going back to it was last tried, and how often in a row that failed. */
  readonly failback?: Readonly<Record<string, FailbackState>>;
  /** By endpoint text: when a trial on the interface last failed. Wall clock, milliseconds since 1970. */
  readonly failedTrials?: Readonly<Record<string, number>>;
  /** The endpoint that last worked for a minute, as `wg` prints it. */
  readonly lastGood?: string;
  /** The endpoint in use that no fresh answer lists, and since when. */
  readonly unlisted?: UnlistedState;
}

/** An endpoint that DNS does not list any more. */
export interface UnlistedState {
  readonly endpoint: string;
  /** Wall clock, milliseconds since 1970. */
  readonly sinceMs: number;
}

/** One candidate's record of being tried again. */
export interface FailbackState {
  /** Wall clock, milliseconds since 1970. */
  readonly lastTriedAtMs: number;
  readonly failures: number;
}

/** What outlives one run of the program. Fields of newer versions are kept as they are. */
export interface State {
  readonly version: 1;
  /** By `<interface> <public key>`. */
  readonly peers: Readonly<Record<string, PeerState>>;
  /** By name: the addresses of its last answer, for a start while DNS is down. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** The state of a host where nothing has happened yet. */
export const emptyState: State = { version: 1, peers: {} };

/** Whether a parsed JSON value is a state that this version can use. Unknown fields are no objection. */
export function isState(value: unknown): value is State {
  if (!isRecord(value) || value.version !== 1 || !isRecordOf(value.peers, isPeerState)) return false;
  return value.names === undefined || isRecordOf(value.names, isTextList);
}

/** The number of a later version of the file's form; null for everything else. */
export function newerVersion(value: unknown): number | null {
  const version = isRecord(value) ? value.version : null;
  return isCount(version) && version > emptyState.version ? version : null;
}

function isPeerState(value: unknown): value is PeerState {
  if (!isRecord(value)) return false;
  const { failback, failedTrials, lastGood, unlisted } = value;
  return (
    (failback === undefined || isRecordOf(failback, isFailbackState)) &&
    (failedTrials === undefined || isRecordOf(failedTrials, isTime)) &&
    (lastGood === undefined || typeof lastGood === 'string') &&
    (unlisted === undefined || isUnlistedState(unlisted))
  );
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isUnlistedState(value: unknown): value is UnlistedState {
  return isRecord(value) && typeof value.endpoint === 'string' && isTime(value.sinceMs);
}

function isFailbackState(value: unknown): value is FailbackState {
  return isRecord(value) && isTime(value.lastTriedAtMs) && isCount(value.failures);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRecordOf<T>(value: unknown, isEntry: (entry: unknown) => entry is T): value is Record<string, T> {
  return isRecord(value) && Object.values(value).every(isEntry);
}
