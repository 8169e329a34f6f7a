import { type ProgramResult, runProgram } from '../host/program.ts';
import { bareAddress } from './bare-address.ts';
import {
  type EchoPath,
  type EchoRequest,
  type EchoResult,
  type EchoTransport,
  failSoon,
} from './echo-transport.ts';

/** Each echo is a process of its own, about 3 ms of CPU and 1 MB: enough for all candidates of a peer at once. */
export const maxOutstandingPrograms = 64;

/**
 * How long one `ping` listens, in seconds. Answers that come later are lost, unlike with sockets; a path through
 * a satellite and a slow modem stays well below.
 */
const listenS = 10;

/** With less content `ping` has no room for the time at which it sent, and prints none. */
const leastPayloadBytes = 16;

/** Sends each echo by one run of the `ping` program. Cancelling ends the process. */
export function createEchoPrograms(path: EchoPath): EchoTransport {
  const running = new Set<AbortController>();
  return {
    send(request) {
      if (running.size >= maxOutstandingPrograms) {
        const detail = `${maxOutstandingPrograms} "ping" processes run already: cancel those given up`;
        return failSoon(request, { kind: 'failed', detail });
      }
      const abort = new AbortController();
      running.add(abort);
      void runPing(request, path, abort.signal).then((result) => {
        if (!running.delete(abort) || result === null) return;
        request.onResult(result);
      });
      return () => {
        if (running.delete(abort)) abort.abort();
      };
    },
    close() {
      for (const abort of running) abort.abort();
      running.clear();
    },
  };
}

async function runPing(
  request: EchoRequest,
  path: EchoPath,
  signal: AbortSignal,
): Promise<EchoResult | null> {
  const args = [
    '-n',
    '-c',
    '1',
    '-W',
    String(listenS),
    '-s',
    String(Math.max(leastPayloadBytes, request.payloadBytes)),
  ];
  if (path.mark !== undefined && path.mark !== 0) args.push('-m', String(path.mark));
  if (path.device !== undefined) args.push('-I', path.device);
  args.push(request.address);
  const result = await runProgram('ping', args, { timeoutMs: (listenS + 1) * 1000, signal });
  return parsePing(result, request.address);
}

/** Words of `ping` and of the C library, and the kind of failure they stand for. */
const complaints: readonly (readonly [RegExp, 'unroutable' | 'refused'])[] = [
  // `ping` only warns and goes on without the mark: its answer would be about another path.
  [/failed to set mark/i, 'refused'],
  [/Do you want to ping broadcast/, 'refused'],
  [/Operation not permitted|Permission denied/, 'refused'],
  [/Network is (unreachable|down)|No route to host|No such device|Invalid argument/, 'unroutable'],
  [/Required key not available|Destination address required/, 'unroutable'],
  [/Cannot assign requested address|Address family not supported/, 'unroutable'],
  // A zone that does not exist.
  [/Name or service not known/, 'unroutable'],
];

/**
 * Reads the result of `ping -n -c 1` (iputils or busybox). Null is silence, which includes an error that a router
 * reported and some local errors that `ping` keeps to itself. Any bytes are accepted.
 */
export function parsePing(result: ProgramResult, address: string): EchoResult | null {
  switch (result.kind) {
    case 'missing':
      return { kind: 'failed', detail: 'the program "ping" is missing: install the package iputils-ping' };
    case 'failed':
      return { kind: 'failed', detail: `"ping" could not be started: ${result.detail}` };
    // It listened to the end, or was ended by us.
    case 'timed-out':
    case 'killed':
      return null;
    case 'exited':
      return parseOutput(result.code, result.stdout, result.stderr, address);
  }
}

function parseOutput(code: number, stdout: string, stderr: string, address: string): EchoResult | null {
  for (const [pattern, kind] of complaints) {
    const line = stderr.split('\n').find((text) => pattern.test(text));
    if (line !== undefined) return { kind, detail: line.slice(0, 200) };
  }
  if (code === 0) return answerIn(stdout, address);
  const rest = stderr.split('\n').find((text) => text !== '' && !/warning/i.test(text));
  if (code === 1 && rest === undefined) return null;
  return { kind: 'failed', detail: rest?.slice(0, 200) ?? `"ping" ended with code ${code}` };
}

function answerIn(stdout: string, address: string): EchoResult | null {
  for (const line of stdout.split('\n')) {
    const [, sender, time] = /^\d+ bytes from (\S+): .*time[=<]([\d.]+) ms/.exec(line) ?? [];
    if (sender === undefined || bareAddress(sender) !== bareAddress(address)) continue;
    const rttMs = Number(time);
    if (Number.isFinite(rttMs)) return { kind: 'answered', rttMs };
  }
  return { kind: 'failed', detail: '"ping" ended well but printed no round-trip time that is understood' };
}
