import type { CommandLine, Given } from '../command.ts';
import type { CommandIo } from '../command-io.ts';
import type { Output } from '../print.ts';

/** A command of a person who calls models through a gateway, with their own login in place of an admin token. */
export interface LoginCommand extends CommandLine {
  run(given: Given, io: CommandIo): Promise<void>;
}

export const URL_FLAG = {
  name: 'url',
  value: 'address',
  about: 'the gateway, HEADGATE_URL or that of your last login unless said',
} as const;

export const JSON_FLAG = { name: 'json', value: null, about: 'the result as JSON' } as const;

/** Returns the output of a command that has JSON_FLAG. */
export function outputOf(given: Given, io: CommandIo): Output {
  return { isJson: given.has('json'), print: (text) => io.out(`${text}\n`) };
}
