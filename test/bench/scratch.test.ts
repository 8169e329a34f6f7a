import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeScratch } from '../../bench/scratch.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'wg-reach-scratch-'));
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('makes a new directory each time', () => {
  const both = [makeScratch(parent), makeScratch(parent)];
  expect(new Set(both).size).toBe(2);
  expect(both.every((path) => existsSync(path))).toBe(true);
});

it('removes what a dead owner left, and nothing else', () => {
  const { pid: dead } = spawnSync('true');
  const kept = [`wg-reach-bench-${process.pid}-own`, `something-${dead}-else`];
  for (const name of [`wg-reach-bench-${dead}-left`, ...kept])
    mkdirSync(join(parent, name, 'inside'), { recursive: true });
  const made = makeScratch(parent);
  const left = readdirSync(parent).map((name) => join(parent, name));
  expect(new Set(left)).toEqual(new Set([made, ...kept.map((name) => join(parent, name))]));
});
