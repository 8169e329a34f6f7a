/** `4 s`, `3 min`, `2 h`, `5 d`: rounded down, and `0 s` for what a stepped clock puts into the future. */
export function ageWords(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  // Up to two days hours say more than "1 d".
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `just now` or `4 s ago`, of an ISO time seen at `nowMs` (Unix milliseconds). */
export function agoWords(time: string, nowMs: number): string {
  const ageMs = nowMs - Date.parse(time);
  return ageMs < 1_000 ? 'just now' : `${ageWords(ageMs)} ago`;
}
