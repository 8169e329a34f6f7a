import type { LookReason } from './watch-transitions.ts';

const words: { readonly [Reason in LookReason]: string } = {
  start: 'it was changed while nobody watched',
  suspicion: 'it was changed by somebody else while it was in doubt',
  roamed: 'it was changed by somebody else: the peer roamed, or it was set by hand',
  'fail-back': 'it works, but another one is preferred',
  retry: 'nothing came back',
  'sign-of-life': 'nothing had come back until now',
  news: 'nothing came back, and there was a new answer for its name',
  'network-changed': 'the network changed',
};

/** What is to be said of the old endpoint after a switch in a look that was begun for that reason. */
export function switchReason(reason: LookReason): string {
  return words[reason];
}
