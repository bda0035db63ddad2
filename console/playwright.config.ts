import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';
import { CHROMIUM } from '../server/test/support/chromium.ts';

/** What a page loads is handed over within one process: 7 % of the CPU of a load. */
const NETWORK_IN_PROCESS = '--enable-features=NetworkServiceInProcess2';

export default defineConfig({
  testDir: 'test',
  globalSetup: './test-setup.ts',
  outputDir: '../node_modules/.playwright',
  // Each worker has a gateway of its own; beside two, a third makes two cores stutter for seconds.
  workers: 2,
  fullyParallel: false,
  // What fails beside another worker and passes in a second try is counted as passed, and named: scripts/test.ts.
  retries: 1,
  // Beside the proves of a CI run a page has a small part of two cores.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: {
      ...(existsSync(CHROMIUM) && { executablePath: CHROMIUM }),
      args: ['--no-sandbox', '--disable-gpu', NETWORK_IN_PROCESS],
    },
    viewport: { width: 1360, height: 860 },
    actionTimeout: 30_000,
    // What moves is drawn many times, and two cores draw in software.
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'off',
  },
});
