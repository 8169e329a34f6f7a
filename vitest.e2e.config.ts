import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/*.test.ts', 'e2e/daemon/*.test.ts'],
    // Real WireGuard timers (10 s, 15 s) plus a busy two-core machine.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
