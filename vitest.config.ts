import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    // Files share the two processes: to load the server anew for each of them took a third of the run.
    isolate: false,
    // Two cores is what CI has, and two workers leave a quarter of them idle: files that start processes mostly wait.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What comes by itself comes soon, and later beside others: a poll waits for it and costs nothing more.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'server',
          include: ['server/{src,test,demo}/**/*.test.ts'],
          // One PostgreSQL and one migrated snapshot for the whole run.
          globalSetup: ['server/test/support/global-setup.ts'],
        },
      },
      { extends: true, test: { name: 'tools', include: ['{scripts,bench}/**/*.test.ts'] } },
    ],
  },
});
