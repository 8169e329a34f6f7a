import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { scenarioReporter } from './e2e/kernel/scenario-reporter.ts';
import { everythingFile, scenarioPattern } from './e2e/kernel/scenarios.ts';

const dist = fileURLToPath(new URL('dist/', import.meta.url));

export default defineConfig({
  // What is compiled already, since under emulation it takes long to transform TypeScript.
  resolve: { alias: [{ find: /^(?:\.\.\/)+(lab|src)\/(.+)\.ts$/, replacement: `${dist}$1/$2.js` }] },
  test: {
    setupFiles: ['e2e/kernel/interpreter.ts'],
    include: [everythingFile],
    testNamePattern: scenarioPattern(),
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    // They mostly wait for timers of WireGuard, by the clock of the guest.
    maxConcurrency: 6,
    reporters: [['verbose', { summary: false }], scenarioReporter()],
    hideSkippedTests: true,
    server: { deps: { external: [/\/dist\//] } },
  },
});
