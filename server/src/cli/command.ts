import type { Api } from './api.ts';

/** One command of the program that speaks the admin API. */
export interface Command {
  /** What is typed: `['keys', 'list']`. */
  readonly words: readonly [string, ...string[]];
  readonly summary: string;
  /** What must follow, in this order: `['key']`. */
  readonly operands: readonly string[];
  readonly flags: readonly Flag[];
  /** What its help says below the flags, line by line. */
  readonly notes?: readonly string[];
  run(given: Given, session: Session): Promise<void>;
}

export interface Flag {
  readonly name: string;
  /** What stands for its value in the help; null: it takes none. */
  readonly value: string | null;
  readonly about: string;
}

/** What was typed behind the words, checked against the command's own list. */
export interface Given {
  /** The operand of this name. */
  operand(name: string): string;
  /** The flag's value, undefined when it was not given. */
  flag(name: string): string | undefined;
  /** Throws BadUsage when it was not given. */
  required(name: string): string;
  /** A whole number of at least 0. Throws BadUsage for anything else. */
  whole(name: string): number | undefined;
  /** Values separated by commas. */
  list(name: string): readonly string[] | undefined;
  has(name: string): boolean;
}

/** What a command works with. */
export interface Session {
  readonly api: Api;
  /** `--json`: the answer as the API gave it. */
  readonly isJson: boolean;
  /** To standard output: what was asked for, and nothing else. */
  print(text: string): void;
  /** To standard error: what is said beside it. */
  note(text: string): void;
}
