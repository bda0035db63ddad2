/** The command `headgate doctor`: what a gateway with these settings needs of its surroundings, and whether it is there. Changes nothing. */
import { redactSecrets } from '../../lib/redact.ts';
import { valuesGiven } from '../../settings/flags.ts';
import { SETTINGS } from '../../settings/settings.ts';
import type { Given } from '../command.ts';
import type { CommandIo } from '../command-io.ts';
import { checkConfig } from './config-check.ts';
import { databaseFindings } from './database-findings.ts';
import { type Finding, fail, failIfAny, linesOf, ok, printResult, warn } from './finding.ts';
import { hostFindings } from './host-findings.ts';
import { networkFindings } from './network-findings.ts';
import { redisFindings } from './redis-findings.ts';

/** Prints the findings. Throws CommandFailed if one is a failure. */
export async function doctor(given: Given, flags: readonly string[], io: CommandIo): Promise<void> {
  const findings = await diagnose(io.env, flags);
  printResult(io, given.has('json'), { findings }, linesOf(findings));
  failIfAny(findings);
}

/** Returns what was found of the settings, this host, the database, Redis and the network. No finding holds a secret. */
export async function diagnose(env: CommandIo['env'], flags: readonly string[]): Promise<readonly Finding[]> {
  const { config, findings: ofSettings } = await checkConfig(env, flags);
  const summary = summaryOf(ofSettings);
  if (config === null) return [summary];
  const groups = await Promise.all([
    within('this machine', () => hostFindings(config)),
    within('PostgreSQL', () => databaseFindings(config)),
    within('Redis', () => redisFindings(config)),
    within('network', () => networkFindings(config, env)),
  ]);
  const secrets = secretsIn(env, flags);
  return [summary, ...groups.flat()].map((finding) => ({ ...finding, found: withoutSecrets(finding.found, secrets) }));
}

function summaryOf(findings: readonly Finding[]): Finding {
  const count = (verdict: Finding['verdict']) => findings.filter((one) => one.verdict === verdict).length;
  const [failures, warnings] = [count('fail'), count('warn')];
  const found = `${failures} errors and ${warnings} warnings about the settings.`;
  if (failures > 0) return fail('settings', found, 'Run headgate config check.');
  return warnings > 0 ? warn('settings', found, 'Run headgate config check.') : ok('settings', found);
}

/** Runs a group of checks. A failure of the check itself is a finding, so that the others are still made. */
async function within(about: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [fail(about, `The check ended early: ${(error as Error).message}.`, 'Correct what it names, and run it again.')];
  }
}

const SECRET_CHARS_MIN = 4;

/** Returns the values of secret settings, and the passwords in them. */
export function secretsIn(env: CommandIo['env'], flags: readonly string[]): readonly string[] {
  const values = SETTINGS.filter(({ secret }) => secret === true).flatMap(({ name }) => [
    env[name] ?? '',
    ...valuesGiven(flags, name),
  ]);
  const parts = values.flatMap((value) => [
    ...[...value.matchAll(/\/\/[^:/@\s]*:([^@/\s]+)@/g)].map(([, password = '']) => password),
    // Parameters of an address, and the headers for a collector.
    ...[...value.matchAll(/[?&](?:ssl)?password=([^&\s]+)/g)].map(([, password = '']) => password),
    ...(value.includes('://') ? [] : [...value.matchAll(/=([^,\s]+)/g)].map(([, header = '']) => header)),
  ]);
  return [...new Set([...values, ...parts, ...parts.map(decoded)])]
    .filter((value) => value.length >= SECRET_CHARS_MIN)
    .sort((a, b) => b.length - a.length);
}

/** Returns a text without these secrets, and without anything that looks like one. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return redactSecrets(
    secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text),
    null,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
