import { defineConfig } from 'vitest/config';

// Groups run one after the other: `unit` has the machine for itself, and the projects that share real parts never
// run at the same time. A part that is missing fails the run with how to get it; nothing is skipped.
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'ui/src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'parts',
          include: ['test/parts/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          globalSetup: ['test/parts/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/parts/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          // Each file starts what it breaks, and breaks nothing that others use. Most of a run is waiting: three at a time.
          maxConcurrency: 3,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/parts/built-ui.ts', 'test/parts/global-setup.ts'],
          testTimeout: 60_000,
          // A page is drawn when it is: one second, as is usual, is little on a busy machine.
          expect: { poll: { timeout: 10_000 } },
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/parts/cluster/setup.ts'],
          testTimeout: 420_000,
          hookTimeout: 180_000,
          // Most of a rollout is waiting: so many are under way at the same time in one file, and the files side by side.
          maxConcurrency: 8,
          maxWorkers: 3,
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
