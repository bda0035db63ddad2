/** The command `headgate config check`: the settings in force, the source of each, and what is risky in production. It opens nothing. */
import { BadSetting } from '../../settings/bad-setting.ts';
import { type Config, readConfig, type SettingSource, settingSources } from '../../settings/config.ts';
import { flagsWithout, valuesGiven } from '../../settings/flags.ts';
import { SETTINGS } from '../../settings/settings.ts';
import { unknownSettingLine, unknownSettings } from '../../settings/unknown-settings.ts';
import type { Given } from '../command.ts';
import type { CommandIo } from '../command-io.ts';
import { type Finding, fail, failIfAny, linesOf, ok, printResult } from './finding.ts';
import { risksOf } from './risks.ts';

/** A setting as it is in force. */
export interface CheckedSetting {
  readonly name: string;
  /** The value; of a secret only whether there is one. */
  readonly value: string;
  readonly from: SettingSource;
}

export interface ConfigReport {
  readonly settings: readonly CheckedSetting[];
  readonly findings: readonly Finding[];
  /** Null if a setting is bad. */
  readonly config: Config | null;
}

/** Prints the settings and the findings. Throws CommandFailed if one is a failure. */
export async function configCheck(given: Given, flags: readonly string[], io: CommandIo): Promise<void> {
  const { settings, findings } = await checkConfig(io.env, flags);
  const width = Math.max(...settings.map(({ name }) => name.length));
  const lines = settings.map(({ name, value, from }) => `${name.padEnd(width)}  ${value === '' ? '-' : value}  (${from})\n`);
  printResult(io, given.has('json'), { settings, findings }, `${lines.join('')}\n${linesOf(findings)}`);
  failIfAny(findings);
}

/** Reads and judges the settings of an environment and flags. Changes nothing, and runs no command. */
export async function checkConfig(env: CommandIo['env'], flags: readonly string[]): Promise<ConfigReport> {
  const { config, bad } = readAll(env, flags);
  const unknown = unknownSettings(env).map((one) =>
    fail(one.name, unknownSettingLine(one).replace(`${one.name} is`, 'This is'), 'Correct its name, or remove it.'),
  );
  const risks = config === null ? [] : await risksOf(config);
  const found = [...bad, ...unknown, ...risks];
  const findings = found.length === 0 ? [ok('settings', 'Nothing is risky.')] : found;
  return { settings: settingsOf(env, flags), findings, config: bad.length === 0 ? config : null };
}

/** Reads the settings. Each bad one is left out in turn, so that one run finds all. */
function readAll(env: CommandIo['env'], flags: readonly string[]): { config: Config | null; bad: readonly Finding[] } {
  const bad = new Map<string, Finding>();
  let [variables, rest] = [{ ...env }, flags];
  for (;;) {
    try {
      return { config: readConfig(variables, rest), bad: [...bad.values()] };
    } catch (error) {
      if (!(error instanceof BadSetting)) throw error;
      const [, name = 'settings', what = error.message] = /^([A-Z_]+)(?::| )([\s\S]*)$/.exec(error.message) ?? [];
      if (bad.has(name)) return { config: null, bad: [...bad.values()] };
      bad.set(name, fail(name, `It stops a start: ${what.trim()}`, 'Correct it.'));
      variables = { ...variables, [name]: undefined };
      rest = flagsWithout(rest, name);
    }
  }
}

function settingsOf(env: CommandIo['env'], flags: readonly string[]): readonly CheckedSetting[] {
  const sources = settingSources(env, flags);
  return SETTINGS.map(({ name, orElse, default: standard, secret }) => {
    const from = sources.get(name) ?? 'default';
    const value = valuesGiven(flags, name).at(-1) ?? (env[name] || (orElse === undefined ? '' : env[orElse]) || standard);
    return { name, value: secret === true ? (value === '' ? '' : '(set)') : withoutUser(value), from };
  });
}

/** Returns a text without the user and password that an address in it may hold. */
function withoutUser(text: string): string {
  return text.replace(/(\w+:\/\/)[^/@\s]*@/g, '$1…@');
}
