import { expect, it } from 'vitest';
import { isLinkUp } from '../../src/host/link.ts';

it('tells an interface that is up, and says nothing about one that is not there', async () => {
  expect(await isLinkUp('lo', { timeoutMs: 5_000 })).toBe(true);
  expect(await isLinkUp('no-such-link', { timeoutMs: 5_000 })).toBeNull();
});
