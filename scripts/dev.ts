// Runs the gateway and the console for development: the gateway restarts when a source changes, and the console's pages reload.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

const gateway = start(root, [
  '--watch',
  '--import',
  './server/bin/faster-start.mjs',
  'server/src/main.ts',
  'serve',
  ...process.argv.slice(2),
]);
const pages = start(path.join(root, 'console'), [path.join(root, 'node_modules/vite/bin/vite.js'), '--clearScreen', 'false']);
const both = [gateway, pages];
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const child of both) child.kill(signal);
  });
// If one ends, the other must end too.
for (const child of both) child.on('exit', (code) => end(code));

function start(cwd: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { cwd, stdio: 'inherit' });
}

function end(code: number | null): void {
  process.exitCode ??= code ?? 1;
  for (const child of both) if (child.exitCode === null) child.kill('SIGTERM');
}
