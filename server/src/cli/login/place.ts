import { baseOf, DEFAULT_URL } from '../api.ts';
import type { Given } from '../command.ts';
import type { CommandIo } from '../command-io.ts';
import { CommandFailed, EXIT } from '../outcome.ts';
import { configDirectory, type Machine, thisMachine } from './config-directory.ts';
import { type Logins, readLogins, writeLogins } from './login-file.ts';

/** The machine, the folder and the logins that a command works with. */
export interface Place {
  readonly machine: Machine;
  readonly directory: string;
  readonly io: CommandIo;
  read(): Logins;
  /** Replaces the logins. The caller holds the lock. */
  write(logins: Logins): void;
  note(text: string): void;
}

export function placeOf(io: CommandIo): Place {
  const machine = thisMachine(io.env);
  const directory = configDirectory(machine);
  const note = (text: string) => io.err(`${text}\n`);
  return {
    machine,
    directory,
    io,
    note,
    read: () => readLogins(directory, (text) => note(`headgate: ${text}`)),
    write: (logins) => writeLogins(directory, logins),
  };
}

/** Returns the gateway that a command means: by its flag, by HEADGATE_URL, or that of the last login. */
export function gatewayOf(given: Given, place: Place, logins: Logins): string {
  return baseOf(named(given, place, logins) ?? DEFAULT_URL);
}

/** Returns the gateway of a command that needs a login. Throws CommandFailed if there is none and no gateway is named. */
export function gatewayOfLogin(given: Given, place: Place, logins: Logins): string {
  const url = named(given, place, logins);
  if (url === null)
    throw new CommandFailed('You are not signed in. Run: headgate login --url <address of your gateway>', EXIT.notAllowed);
  return baseOf(url);
}

/** Reports whether anybody said which gateway is meant. */
export function isGatewayNamed(given: Given, place: Place, logins: Logins): boolean {
  return named(given, place, logins) !== null;
}

function named(given: Given, { io }: Place, logins: Logins): string | null {
  return given.flag('url') || io.env.HEADGATE_URL || logins.current || null;
}
