import type { Conditions } from '../conditions.ts';
import { conditionsText } from '../conditions.ts';
import type { FleetCost } from './fleet.ts';
import type { OnePeerCost } from './one-peer.ts';
import { renderFleet, renderOnePeer, summarizeFleet, summarizeOnePeer } from './summary.ts';

/** What a run of this benchmark leaves as JSON: all that its tables are made from. */
export interface CostReport {
  readonly schema: 2;
  readonly kind: 'cost';
  readonly conditions: Conditions;
  /** Left out at the beginning of what was measured. */
  readonly settledMs: number;
  readonly onePeer: readonly OnePeerCost[];
  readonly fleets: readonly FleetCost[];
}

/** Whether every promise was kept that was measured. */
export function isWithinTargets({ onePeer, fleets }: CostReport): boolean {
  const verdicts = [
    ...summarizeOnePeer(onePeer).flatMap((line) => [line.wireMet, line.memoryMet]),
    ...fleets.map((cost) => summarizeFleet(cost).met),
  ];
  return !verdicts.includes(false);
}

/** A run as paragraphs and tables. */
export function renderCostReport(report: CostReport): string {
  const { onePeer, fleets, settledMs } = report;
  const lasted = (costs: readonly { readonly tookMs: number }[]) => {
    const minutes = new Set(costs.map(({ tookMs }) => (tookMs / 60_000).toFixed(0)));
    return `${[...minutes].join(' and ')} min after ${settledMs / 1_000} s that are not counted`;
  };
  return [
    conditionsText(report.conditions),
    ...(onePeer.length > 0
      ? [
          `One idle tunnel over IPv6, keepalive 25 s, ${lasted(onePeer)}:`,
          renderOnePeer(summarizeOnePeer(onePeer)),
        ]
      : []),
    ...(fleets.length > 0
      ? [`Idle peers on one interface, balanced, ${lasted(fleets)}:`, renderFleet(fleets.map(summarizeFleet))]
      : []),
  ].join('\n\n');
}
