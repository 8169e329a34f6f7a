import { createRequire } from 'node:module';

/** What ended and waited-for child processes have used, children of theirs included. */
export interface ChildrenUsage {
  /** CPU time in user mode and in the kernel. */
  readonly userMs: number;
  readonly systemMs: number;
  /** Peak resident memory of the largest single process among them, not a sum. */
  readonly peakMemoryBytes: number;
}

/**
 * Returns a function that asks the operating system, by getrusage(RUSAGE_CHILDREN), about the child processes that
 * this process has waited for. The library is loaded first, so that the call itself costs microseconds.
 * Throws where the npm package koffi is missing: there is no exact number without it.
 *
 * Linux counts what a child had as a copy of this process before it became another program. That is a floor below
 * the memory figure, of the private pages of a small Node process: 4 to 5 MB, less than Python or Node need.
 */
export function openChildrenUsage(): () => ChildrenUsage {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  // The pointer size decides how wide `long` is; koffi knows it, a buffer read by hand would not.
  koffi.struct('BenchTimeval', { seconds: 'long', microseconds: 'long' });
  koffi.struct('BenchRusage', {
    user: 'BenchTimeval',
    system: 'BenchTimeval',
    maxRssKib: 'long',
    // Thirteen more numbers, which Linux leaves at 0 for the most part.
    rest: koffi.array('long', 13),
  });
  const getrusage = koffi.load(null).func('int getrusage(int, _Out_ BenchRusage *)');
  return () => {
    const usage = emptyUsage();
    if (getrusage(rusageChildren, usage) !== 0)
      throw new Error('getrusage failed: this kernel does not say what children used.');
    return {
      userMs: milliseconds(usage.user),
      systemMs: milliseconds(usage.system),
      peakMemoryBytes: usage.maxRssKib * 1_024,
    };
  };
}

interface Timeval {
  seconds: number;
  microseconds: number;
}

interface Rusage {
  user: Timeval;
  system: Timeval;
  maxRssKib: number;
}

/** The part of koffi that is used here. */
interface Koffi {
  load(path: null): { func(prototype: string): (who: number, usage: Rusage) => number };
  struct(name: string, fields: Readonly<Record<string, unknown>>): unknown;
  array(type: string, length: number): unknown;
}

/** RUSAGE_CHILDREN of <sys/resource.h>, the same on every Linux architecture. */
const rusageChildren = -1;

function emptyUsage(): Rusage {
  const none = { seconds: 0, microseconds: 0 };
  return { user: { ...none }, system: { ...none }, maxRssKib: 0 };
}

function milliseconds({ seconds, microseconds }: Timeval): number {
  return seconds * 1_000 + microseconds / 1_000;
}
