import { describe, expect, it } from 'vitest';
import type { Row } from './calibration/row.ts';
import { rowsA, unrepresentedA } from './calibration/rows-a.ts';
import { rowsB1B3 } from './calibration/rows-b1-b3.ts';
import { rowsB4B5, unrepresentedB } from './calibration/rows-b4-b5.ts';
import { rowsC } from './calibration/rows-c.ts';
import { rowsE0E1 } from './calibration/rows-e0-e1.ts';
import { rowsE2E6 } from './calibration/rows-e2-e6.ts';
import { rowsE3E4 } from './calibration/rows-e3-e4.ts';
import { rowsE5, unrepresentedKernel } from './calibration/rows-e5.ts';
import { rowsH } from './calibration/rows-h.ts';

const seeds = Array.from({ length: 12 }, (_, index) => 1_000 + index * 7_919);
const groups = {
  'wireguard.md A': rowsA,
  'wireguard.md B': [...rowsB1B3, ...rowsB4B5],
  'wireguard.md C': rowsC,
  'kernel-vm.md': [...rowsE0E1, ...rowsE2E6, ...rowsE3E4, ...rowsE5],
  'wireguard.md H': rowsH,
};
const unrepresented = [...unrepresentedA, ...unrepresentedB, ...unrepresentedKernel];

/** The smallest and the largest figure of the model. */
function modelled(row: Row): readonly [number, number] {
  const figures = seeds.map(row.run);
  return [Math.min(...figures), Math.max(...figures)];
}

describe.each(Object.entries(groups))('the model against what was measured: %s', (_, rows) => {
  it.each(rows.map((row) => [row.id, row.what, row] as const))('%s %s', (id, what, row) => {
    const [low, high] = modelled(row);
    const [measuredLow, measuredHigh] = row.measured;
    const { below, above, why } = row.tolerance;
    const says = `${id} ${what}: measured ${measuredLow} to ${measuredHigh} ${row.unit}, model ${low} to ${high} (${why})`;
    if (process.env.WG_REACH_CALIBRATION) console.log(says);
    expect(low, says).toBeGreaterThanOrEqual(measuredLow - below);
    expect(high, says).toBeLessThanOrEqual(measuredHigh + above);
  });
});

describe('the table of measured rows', () => {
  it('names each row once', () => {
    const ids = Object.values(groups).flatMap((rows) => rows.map((row) => row.id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives a reason for each tolerance and for each row that the model does not represent', () => {
    for (const row of Object.values(groups).flat()) expect(row.tolerance.why.length).toBeGreaterThan(10);
    for (const row of unrepresented) expect(row.reason.length).toBeGreaterThan(10);
  });
});
