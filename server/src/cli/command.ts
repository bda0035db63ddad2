import type { Api } from './api.ts';

/** The words, operands and flags of a command, as its help shows them. */
export interface CommandLine {
  /** The words that name the command: `['keys', 'list']`. */
  readonly words: readonly [string, ...string[]];
  readonly summary: string;
  /** The names of the required operands, in order: `['key']`. */
  readonly operands?: readonly string[];
  /** The name of all that follows the operands, which may begin with dashes: `arguments`. */
  readonly rest?: string;
  readonly flags?: readonly Flag[];
  /** Lines that its help shows below the flags. */
  readonly notes?: readonly string[];
}

/** A command that uses the admin API. */
export interface Command extends CommandLine {
  run(given: Given, session: Session): Promise<void>;
}

export interface Flag {
  readonly name: string;
  /** The placeholder for its value in the help; null: the flag takes none. */
  readonly value: string | null;
  readonly about: string;
}

/** The operands and flags of a command line, checked against the command's own list. */
export interface Given {
  /** Returns the operand of this name. */
  operand(name: string): string;
  /** Returns what follows the operands, as it was typed. */
  rest(): readonly string[];
  /** Returns the flag's value; undefined if it was not given. */
  flag(name: string): string | undefined;
  /** Returns the flag's value. Throws BadUsage if it was not given. */
  required(name: string): string;
  /** Returns a whole number of at least 0; undefined if the flag was not given. Throws BadUsage for any other text. */
  whole(name: string): number | undefined;
  /** Returns the values separated by commas; undefined if the flag was not given. */
  list(name: string): readonly string[] | undefined;
  has(name: string): boolean;
}

/** The API and the output of a running command. */
export interface Session {
  readonly api: Api;
  /** True with `--json`: print the API's answer unchanged. */
  readonly isJson: boolean;
  /** Writes the result to standard output, and nothing else. */
  print(text: string): void;
  /** Writes a remark to standard error. */
  note(text: string): void;
}
