import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/** Debian's own Chromium; nothing is downloaded. */
export const CHROMIUM = process.env.HEADGATE_CHROMIUM ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'test',
  outputDir: '../node_modules/.playwright',
  // Each worker has a gateway of its own; two cores carry no more.
  workers: 2,
  fullyParallel: false,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: existsSync(CHROMIUM) ? CHROMIUM : undefined, args: ['--no-sandbox', '--disable-gpu'] },
    viewport: { width: 1360, height: 860 },
    actionTimeout: 15_000,
    trace: 'off',
  },
});
