import { asksThePeer } from './asks-the-peer.ts';
import { condemnsOnlyTheDead } from './condemns-only-the-dead.ts';
import { dismissesOnlyTheDead } from './dismisses-only-the-dead.ts';
import { fewSwitches } from './few-switches.ts';
import { fiveLosses } from './five-losses.ts';
import { freshEvidence } from './fresh-evidence.ts';
import type { InvariantMaker } from './invariant.ts';
import { knownEndpoints } from './known-endpoints.ts';
import { leavesOnlyTheDead } from './leaves-only-the-dead.ts';
import { neverStops } from './never-stops.ts';
import { nothingPassedOver } from './nothing-passed-over.ts';
import { offersAreRolledBack } from './offers-are-rolled-back.ts';
import { packetAfterSet } from './packet-after-set.ts';
import { probeBudget } from './probe-budget.ts';
import { trueProofs } from './true-proofs.ts';
import { upMeansAlive } from './up-means-alive.ts';

/** All that must hold in every world. */
export const invariants: readonly InvariantMaker[] = [
  leavesOnlyTheDead,
  upMeansAlive,
  fewSwitches,
  neverStops,
  probeBudget,
  knownEndpoints,
  trueProofs,
  packetAfterSet,
  nothingPassedOver,
  offersAreRolledBack,
  condemnsOnlyTheDead,
  dismissesOnlyTheDead,
  freshEvidence,
  asksThePeer,
  fiveLosses,
];
