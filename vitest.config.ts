import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Starts one PostgreSQL for the whole run when the program is on the machine.
const databaseSetup = 'server/test/support/global-setup.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    // Two cores is what CI has; each file may hold a database of its own, so more workers only wait for each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'server',
          include: ['server/{src,test,demo}/**/*.test.ts'],
          globalSetup: existsSync(databaseSetup) ? [databaseSetup] : [],
        },
      },
      { extends: true, test: { name: 'tools', include: ['{scripts,bench}/**/*.test.ts'] } },
    ],
  },
});
