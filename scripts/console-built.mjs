// Tells whether the built console is of the present sources. It has no dependencies, because scripts/up.mjs reads it before anything
// is installed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const built = (folder) => path.join(folder, 'dist', '.built-from');

/** Returns true if the console in this folder was built from the sources that are there now. */
export function isConsoleBuilt(folder) {
  return existsSync(built(folder)) && readFileSync(built(folder), 'utf8') === hashOfConsole(folder);
}

/** Notes that the console in this folder is built from its present sources. */
export function noteConsoleBuilt(folder) {
  writeFileSync(built(folder), hashOfConsole(folder));
}

function hashOfConsole(folder) {
  const hash = createHash('sha256');
  const sources = ['src', 'public', 'build'].flatMap((name) =>
    readdirSync(path.join(folder, name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name)),
  );
  for (const file of [
    ...sources.sort(),
    ...['index.html', 'package.json', 'vite.config.ts'].map((name) => path.join(folder, name)),
  ]) {
    hash.update(path.relative(folder, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}
