import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Machine } from '../login/config-directory.ts';

/** The way in which this program was started. */
export interface OwnStart {
  readonly node: string;
  /** The flags of Node. */
  readonly flags: readonly string[];
  readonly file: string;
  /** The folder that relative paths of the flags are of. */
  readonly folder: string;
}

const MODULE_FLAGS: ReadonlySet<string> = new Set(['--import', '--loader', '--experimental-loader']);
/** npm puts these folders on the PATH of what it starts. Nobody else has them there. */
const FOLDER_OF_NPM = join('node_modules', '.bin');

/** Returns the words that start this program from any folder: its name if it is on the PATH, else its Node and file. */
export function ownCommand({ env, platform }: Machine, start: OwnStart = ownStart()): readonly [string, ...string[]] {
  const names = platform === 'win32' ? ['headgate.cmd', 'headgate.exe'] : ['headgate'];
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(isOnEveryPath);
  if (folders.some((folder) => names.some((name) => isExecutable(join(folder, name))))) return ['headgate'];
  return [start.node, ...absoluteFlags(start), resolve(start.folder, start.file)];
}

function ownStart(): OwnStart {
  return { node: process.execPath, flags: process.execArgv, file: process.argv[1] ?? '', folder: process.cwd() };
}

/** Reports whether a folder of the PATH is there for a program that is started elsewhere, too. */
function isOnEveryPath(folder: string): boolean {
  return isAbsolute(folder) && !`${folder}${sep}`.includes(`${sep}${FOLDER_OF_NPM}${sep}`);
}

/** Returns the flags of Node with absolute paths. Their paths are relative to the folder in which this program was started. */
function absoluteFlags({ flags, folder }: OwnStart): readonly string[] {
  return flags.map((word, at) => {
    const [name = '', value] = word.startsWith('-') ? word.split(/=(.*)/s, 2) : [flags[at - 1], word];
    if (value === undefined || !/^\.{1,2}[\\/]/.test(value)) return word;
    const path = resolve(folder, value);
    // What is imported is named by an address, in which a blank or a `#` of a path would mean something else.
    const found = MODULE_FLAGS.has(name) ? pathToFileURL(path).href : path;
    return word === value ? found : `${name}=${found}`;
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
