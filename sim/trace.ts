import type { WatchAction, WatchEvent } from '../src/core/watch/watch-types.ts';
import type { EndObserver, ManagedEnd } from './driver/managed-end.ts';

/** Writes what an engine was told and what it asked for, a line each; timers and pings are left out. */
export function createTracer(options: {
  readonly nowMs: () => number;
  readonly end: () => ManagedEnd;
  readonly write: (line: string) => void;
}): EndObserver {
  let state = '';
  const line = (text: string): void => {
    options.write(
      `${(options.nowMs() / 1_000).toFixed(3).padStart(11)} ${options.end().name.padEnd(6)} ${text}`,
    );
  };
  return {
    handled(event) {
      const { state: now, health, reason, endpoint } = options.end().watch().snapshot();
      const text = eventText(event);
      if (text !== null) line(`← ${text}`);
      const after = `${now} (${health}) on ${endpoint ?? '(none)'}`;
      if (after !== state) line(`= ${after}${reason === null ? '' : `: ${reason}`}`);
      state = after;
    },
    asked(action) {
      const text = actionText(action);
      if (text !== null) line(`→ ${text}`);
    },
    written: (endpoint, { reason }) => line(`  the interface now has ${endpoint} (${reason})`),
  };
}

function eventText(event: WatchEvent): string | null {
  switch (event.type) {
    case 'time':
    case 'hint':
    case 'routed':
    case 'busy':
      return null;
    case 'observed':
    case 'set-done': {
      const { endpoint, rxBytes, txBytes } = event.observation;
      return `${event.type} #${event.generation} ${endpoint ?? '(none)'} rx ${rxBytes} tx ${txBytes}`;
    }
    case 'echo-answered':
      return `echo ${event.echo} #${event.generation} answered after ${Math.round(event.rttMs)} ms`;
    case 'echo-failed':
    case 'observe-failed':
    case 'set-failed':
    case 'peer-gone':
      return `${event.type}: ${event.detail}`;
    case 'candidates':
      return `candidates ${event.candidates.map((one) => one.endpoint).join(' ') || 'none'}`;
    default:
      return event.type;
  }
}

function actionText(action: WatchAction): string | null {
  switch (action.type) {
    case 'hint':
    case 'route':
    case 'resolve':
    case 'observe':
      return null;
    case 'echo':
      return `echo ${action.echo} #${action.generation} to ${action.target}`;
    case 'set':
      return `set #${action.generation} ${action.endpoint} (${action.reason})`;
    case 'probe':
      return `asks ${action.endpoint} by handshake`;
    case 'probe-end':
      return 'ends its handshakes';
    case 'reset':
      return `resets the session to ${action.endpoint} #${action.generation}`;
    case 'report':
      return `says ${JSON.stringify(action.fact)}`;
    case 'rest':
      return null;
  }
}
