/** How long a watch waits before it asks again, or doubts its own clock. */
export const patience = {
  /** A `wg` that failed is asked again after this time: it may have been out of memory, or somebody holds a lock. */
  readAgainMs: 1_000,
  /** While nothing works, names are asked again this often: a peer that moved changes its name later than its address. */
  askAgainMs: 10_000,
  /** A timer this late means that the loop stood still: the shortest time-out of an echo fits in five times. */
  stallMs: 1_000,
} as const;
