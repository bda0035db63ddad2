/** Environment variables that look like settings and are none, each with the setting that was probably meant. */
import { lettersBetween } from '../lib/letters-between.ts';
import type { Logger } from '../lib/log.ts';
import { OTHER_VARIABLES, SETTINGS } from './settings.ts';

/** A variable that no setting has the name of. */
export interface UnknownSetting {
  readonly name: string;
  /** The setting that was probably meant; null if none is near. */
  readonly nearest: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'HEADGATE_';
const KNOWN: ReadonlySet<string> = new Set([
  ...SETTINGS.flatMap(({ name, orElse = name }) => [name, orElse]),
  ...OTHER_VARIABLES,
]);
/** Kubernetes sets these in each pod for a service named `headgate`. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_\w+)?$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;
/** Variables of the project's own tests and proofs. */
const OF_DEVELOPERS = /^HEADGATE_(TEST|PROVE|TASKS)_/;
/** The most letters that a name without our prefix may differ in. Other programs have variables of similar names. */
const LETTERS_MAX = 2;
/** A share of a name's letters that may differ. */
const LETTERS_SHARE = 1 / 3;

/** The names that other programs use for what a setting says, without a prefix. */
const ALIASES: Readonly<Record<string, string>> = {
  DB_URL: 'DATABASE_URL',
  DATABASE_URI: 'DATABASE_URL',
  POSTGRES_URL: 'DATABASE_URL',
  POSTGRESQL_URL: 'DATABASE_URL',
  PG_URL: 'DATABASE_URL',
  REDIS_URI: 'REDIS_URL',
  VALKEY_URL: 'REDIS_URL',
  BASE_URL: 'HEADGATE_PUBLIC_URL',
  EXTERNAL_URL: 'HEADGATE_PUBLIC_URL',
  LOG_FORMAT: 'HEADGATE_LOG',
  LISTEN: 'HEADGATE_HOST',
  BIND: 'HEADGATE_HOST',
};

/** Returns the set variables that were probably meant as settings, in the order of the environment. */
export function unknownSettings(env: Environment): readonly UnknownSetting[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (value === '' || KNOWN.has(name) || OF_DEVELOPERS.test(name)) return [];
    if (name.toUpperCase().startsWith(PREFIX)) {
      const isLink = SERVICE_LINK.test(name) || SERVICE_LINK_VALUE.test(value);
      return isLink ? [] : [{ name, nearest: nearestSetting(name) }];
    }
    const nearest = nearestWithoutPrefix(name);
    return nearest === null || env[nearest] ? [] : [{ name, nearest }];
  });
}

/** Returns the setting whose name is nearest to this one, with or without the prefix; null if none is near. */
export function nearestSetting(name: string): string | null {
  const text = withoutPrefix(name.toUpperCase());
  const alias = ALIASES[text];
  if (alias !== undefined) return alias;
  return nearestOf(text, SETTINGS, Math.max(1, Math.floor(text.length * LETTERS_SHARE)));
}

/** Returns one sentence for the operator. It repeats no value. */
export function unknownSettingLine({ name, nearest }: UnknownSetting): string {
  return `${name} is no setting and has no effect.${nearest === null ? '' : ` Did you mean ${nearest}?`}`;
}

/** Writes a warning for each variable that looks like a setting and is none. */
export function tellUnknownSettings(env: Environment, log: Logger): void {
  for (const { name, nearest } of unknownSettings(env))
    log.warn(
      { name, nearest },
      'settings: this variable is no setting and has no effect; `nearest` is the one with the most similar name',
    );
}

/** Returns the setting without our prefix that a variable means, or ours if the prefix itself is misspelt. */
function nearestWithoutPrefix(name: string): string | null {
  const [first = '', ...rest] = name.toUpperCase().split('_');
  if (rest.length > 0 && lettersBetween(`${first}_`, PREFIX) <= LETTERS_MAX) return nearestSetting(rest.join('_'));
  const alias = ALIASES[name];
  if (alias !== undefined) return alias.startsWith(PREFIX) ? null : alias;
  return nearestOf(
    name,
    SETTINGS.filter((setting) => !setting.name.startsWith(PREFIX)),
    LETTERS_MAX,
  );
}

function nearestOf(text: string, settings: readonly { readonly name: string }[], lettersMax: number): string | null {
  const [best] = settings
    .map((setting) => ({ name: setting.name, letters: difference(text, withoutPrefix(setting.name)) }))
    .sort((one, other) => one.letters - other.letters);
  return best !== undefined && best.letters <= lettersMax ? best.name : null;
}

/** Returns in how many letters two names differ. The order of their words does not count. */
function difference(one: string, other: string): number {
  const sorted = (text: string) => text.split('_').toSorted().join('_');
  return Math.min(lettersBetween(one, other), lettersBetween(sorted(one), sorted(other)));
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
