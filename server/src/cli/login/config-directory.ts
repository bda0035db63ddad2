import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo } from '../command-io.ts';

/** The environment and the machine that decide where files of a person are. */
export interface Machine {
  readonly env: CommandIo['env'];
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** Returns this machine, with the environment of a command. `HOME` wins over the account's own folder. */
export function thisMachine(env: CommandIo['env']): Machine {
  return { env, platform: process.platform, home: env.HOME || env.USERPROFILE || homedir() };
}

/** Returns the folder of a person's logins: `~/.config/headgate`, on Windows `%APPDATA%\headgate`. `XDG_CONFIG_HOME` wins. */
export function configDirectory({ env, platform, home }: Machine): string {
  if (env.XDG_CONFIG_HOME) return join(env.XDG_CONFIG_HOME, 'headgate');
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'headgate');
  return join(home, '.config', 'headgate');
}
