import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { scenarioReporter } from './e2e/kernel/scenario-reporter.ts';
import { kernelOnly, scenarioPattern, scenarios } from './e2e/kernel/scenarios.ts';

const dist = fileURLToPath(new URL('dist/', import.meta.url));

export default defineConfig({
  // The compiled lab, since under emulation it takes long to transform TypeScript.
  resolve: { alias: [{ find: /^(?:\.\.\/)+lab\/(.+)\.ts$/, replacement: `${dist}lab/$1.js` }] },
  test: {
    include: [kernelOnly, ...scenarios.map(({ file }) => file)],
    testNamePattern: scenarioPattern(),
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    // One process for all files: each more would load vitest again.
    isolate: false,
    // They mostly wait for timers of WireGuard, by the clock of the guest.
    maxConcurrency: 4,
    reporters: [['verbose', { summary: false }], scenarioReporter()],
    hideSkippedTests: true,
    server: { deps: { external: [/\/dist\//] } },
  },
});
