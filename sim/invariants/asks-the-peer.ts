import type { InvariantMaker } from './invariant.ts';

/** Our own address answers by itself, bound to the interface or not, and proves nothing (facts H.2). */
export const asksThePeer: InvariantMaker = () => ({
  name: 'no echo goes to an address of our own',
  echoSent: (how) => (how === 'local' ? 'the echo never left this host' : null),
});
