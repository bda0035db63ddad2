#!/usr/bin/env node
// The sources are TypeScript, which Node runs by itself from 22.18 on.
if (!process.features.typescript) {
  process.stderr.write('headgate: this needs Node 22.18 or later; `npm run headgate -- …` brings its own.\n');
  process.exit(1);
}
await import('./faster-start.mjs');
await import('../src/cli/headgate.ts');
