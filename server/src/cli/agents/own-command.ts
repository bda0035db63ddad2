import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Machine } from '../login/config-directory.ts';

/** Returns the words that start this program elsewhere: its name if it is on the PATH, else its Node and file. */
export function ownCommand({ env, platform }: Machine): readonly [string, ...string[]] {
  const names = platform === 'win32' ? ['headgate.cmd', 'headgate.exe'] : ['headgate'];
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => folder !== '');
  if (folders.some((folder) => names.some((name) => isExecutable(join(folder, name))))) return ['headgate'];
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
