import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../sim');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  // What runs the worlds is not part of them.
  .filter((name) => !/(?:^|\/)command\//.test(name));

it('finds the files of the simulator', () => {
  expect(files).toContain('clock.ts');
});

it.each(files)('sim/%s reads no clock, no randomness and no input of its own', (name) => {
  const text = readFileSync(join(root, name), 'utf8');
  const outside =
    /from 'node:|Date\.now|new Date|Math\.random|performance\.|process\.|set(Timeout|Interval|Immediate)\(/;
  expect(outside.exec(text)?.[0]).toBeUndefined();
});
