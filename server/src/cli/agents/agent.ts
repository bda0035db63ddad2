/** The interface of an agent: its files, and the text that a set-up writes into them. */
import type { Machine } from '../login/config-directory.ts';
import type { JsonChange } from './json-edits.ts';
import type { LineChange } from './line-edits.ts';

export const AGENT_NAMES = ['claude', 'codex', 'opencode', 'gemini'] as const;
export type AgentName = (typeof AGENT_NAMES)[number];

/** The gateway and the models that an agent is to use. */
export interface Target {
  /** The gateway, without a path. */
  readonly url: string;
  /** The model that it calls first; null: as its settings say. */
  readonly model: string | null;
  /** The models that it may call; null: they are not known, because the gateway was not asked. */
  readonly models: readonly string[] | null;
  /** The words of the command that prints a token. */
  readonly tokenCommand: readonly [string, ...string[]];
}

/** The new text of a file, and what changed in it. */
export type Edited =
  | { readonly form: 'json'; readonly text: string; readonly changes: readonly JsonChange[] }
  | { readonly form: 'lines'; readonly text: string; readonly changes: readonly LineChange[] };

export interface SettingsFile {
  readonly path: string;
  /** Returns the text with what the agent needs. Throws Unfit. `text` is empty if there is no file. */
  edit(text: string, target: Target): Edited;
}

/** The address and the kind of credential in the settings of an agent. */
export interface Pointed {
  /** The address that it calls; null: that of its vendor. */
  readonly url: string | null;
  /** True if it gets its token from a login. */
  readonly byLogin: boolean;
}

/** A secret that does not end by itself, by the place where it is written. It is never kept or shown. */
export interface LongLived {
  readonly file: string;
  readonly place: string;
  /** True if the set-up replaces it. */
  readonly isReplaced: boolean;
}

/** The main file of an agent, as its set-up leaves it. */
export interface SetUpFile {
  readonly path: string;
  readonly text: string;
}

export type ReadText = (path: string) => string | null;

export interface Agent {
  readonly name: AgentName;
  readonly title: string;
  /** A sentence about how it is started after its set-up. */
  readonly start: string;
  files(machine: Machine, read: ReadText): readonly SettingsFile[];
  pointed(machine: Machine, read: ReadText): Pointed;
  longLived(machine: Machine, read: ReadText, url: string): readonly LongLived[];
  /** Returns a sentence about what the set-up leaves to the person; null: there is nothing to say. */
  hint?(file: SetUpFile, target: Target): string | null;
}

/** Agents run their helper again after this time, so that a token is never used in its last minute. */
export const HELPER_MS = 240_000;

/** Returns words as one command of a shell. */
export function asCommand(words: readonly string[], platform: NodeJS.Platform): string {
  const quoted = (word: string) => (platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`);
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word))).join(' ');
}

/** Reports whether a text is a secret as it is written, and not the name of one. */
export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !/^\{(?:env|file):|^\$/.test(value);
}
