import { describe, expect, it } from 'vitest';
import { createTimers } from '../../src/core/timers.ts';

describe('timers', () => {
  it('say which is next, and are taken once, earliest first', () => {
    const timers = createTimers<'echo' | 'observe'>();
    expect(timers.nextDueMs()).toBeNull();
    timers.set('echo', 20);
    timers.set('observe', 10);
    expect(timers.nextDueMs()).toBe(10);
    expect(timers.takeExpired(9)).toEqual([]);
    expect(timers.takeExpired(20)).toEqual(['observe', 'echo']);
    expect(timers.takeExpired(20)).toEqual([]);
  });

  it('are moved by setting them again, and disarmed', () => {
    const timers = createTimers<'echo' | 'observe'>();
    timers.set('echo', 20);
    timers.set('echo', 30);
    expect(timers.nextDueMs()).toBe(30);
    timers.set('observe', 5);
    timers.clear('observe');
    expect(timers.nextDueMs()).toBe(30);
    timers.clearAll();
    expect(timers.nextDueMs()).toBeNull();
  });
});
