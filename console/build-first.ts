import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** Builds the console if its sources changed, so that no test judges an old one. */
export default function buildFirst(): void {
  const { status } = spawnSync(process.execPath, ['scripts/up.mjs', 'build'], {
    cwd: path.dirname(import.meta.dirname),
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the console could not be built');
}
