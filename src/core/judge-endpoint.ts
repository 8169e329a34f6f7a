import type { Assessment } from './assessment.ts';
import type { CandidateTable } from './candidate-table.ts';
import { ours } from './constants.ts';
import type { Evidence } from './evidence.ts';
import type { MachineConfig } from './machine.ts';
import { judgeSilence, type Suspicion } from './suspicion.ts';

/** All that is known of the endpoint now set and looked at. */
export interface EndpointQuestion {
  readonly config: MachineConfig;
  readonly table: CandidateTable;
  readonly evidence: Evidence;
  readonly assessment: Assessment;
  /** Whether quick trials are allowed at all. */
  readonly mayQuick: boolean;
  /** Whether other candidates were tried already: then only WireGuard's own answer decides. */
  readonly searched: boolean;
  /** Whether the same endpoint was set again already (or must not be). */
  readonly reasserted: boolean;
}

/** What the silence of the endpoint now set means: `judgeSilence`, given what routes, pings and the past say of it. */
export function judgeEndpoint(question: EndpointQuestion, nowMs: number): Suspicion {
  const { config, table, evidence, assessment } = question;
  return judgeSilence(
    {
      assessment,
      session: evidence.session(),
      rtoMs: evidence.rto.timeoutMs(),
      quickReason: question.searched ? null : quickReason(question, nowMs),
      reassertAfterMs: Math.min(ours.reassertAfterMs, 2 * (config.known?.spacingMs ?? ours.reassertAfterMs)),
      canSend: config.echoTargets.length > 0,
      noRoute: table.get(assessment.endpoint)?.route === 'no-route',
      reasserted: question.reasserted,
      overdue: !question.searched && config.known?.overdue === true,
      pingLost: config.known?.pingAnswered === true && table.contrast(assessment.endpoint, nowMs),
      patient: !question.searched && config.known?.wasAlive === true,
    },
    nowMs,
  );
}

/** Why five lost echoes allow a quick trial; null if they do not. */
function quickReason(
  { config, table, assessment, mayQuick }: EndpointQuestion,
  nowMs: number,
): string | null {
  if (config.known?.responder) return 'they were answered until now';
  const contrast = mayQuick && table.contrast(assessment.endpoint, nowMs);
  return contrast ? 'its address answers no ping while another one does' : null;
}
