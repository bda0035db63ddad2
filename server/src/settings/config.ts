import { resolve } from 'node:path';
import type { z } from 'zod';
import type { Cloud } from '../domain/clouds.ts';
import { BadSetting } from './bad-setting.ts';
import { flagOf } from './flags.ts';
import { type MasterKeySource, masterKeySource } from './master-key.ts';
import * as schema from './schemas.ts';
import { SETTINGS, type Setting } from './settings.ts';
import { nearestSetting } from './unknown-settings.ts';

/** All settings, parsed once. Only `settings.ts` defines their names and defaults. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  /** Null: no pooler is passed by; notices go the way of everything else. */
  readonly databaseDirectUrl: string | null;
  /** Null: this process alone counts limits and budgets. */
  /** The most connections of this process for requests and the admin API. */
  readonly databaseConnectionsMax: number;
  readonly redisUrl: string | null;
  /** The path of a PEM file. Null: the public CAs. */
  readonly redisCaFile: string | null;
  /** The number of processes on this host that share the port. */
  readonly workers: number;
  /** The number of this worker, from 1; 0 if it is the only process. */
  readonly worker: number;
  /** The planes that this process serves. */
  readonly role: 'all' | 'data' | 'admin';
  /** The handling of requests under budgets and rate limits while Redis is down. */
  readonly withoutRedis: { readonly budgets: 'refuse' | 'admit'; readonly limits: 'share' | 'refuse' };
  readonly mode: 'development' | 'production';
  /** `on` if development mode may listen on an address that other machines reach. */
  readonly developmentOnNetwork: 'on' | 'off';
  readonly publicUrl: string | null;
  /** Null: no mail is sent, and the console shows links to copy. */
  readonly smtp: { readonly url: string; readonly from: string } | null;
  readonly adminToken: string | null;
  readonly masterKey: MasterKeySource;
  readonly demo: 'on' | 'off';
  readonly allowedUpstreams: readonly string[];
  /** The clouds whose machine identity credentials may use. */
  readonly ambientCredentials: readonly Cloud[];
  readonly responsesUpstreams: readonly string[];
  readonly allowedOwnUpstreams: readonly string[];
  readonly allowedWebhooks: readonly string[];
  readonly allowedIdentityProviders: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Addresses with or without a port. Empty: the system's servers. */
  readonly dnsServers: readonly string[];
  readonly journalBytesMax: number;
  /** 0 keeps no rows after PostgreSQL stored them. */
  readonly journalKeepBytesMax: number;
  /** 0 keeps no answers. */
  readonly cacheBytesMax: number;
  /** Of one organization. */
  readonly filesBytesMax: number;
  readonly fileDays: number;
  readonly bodyBytesMax: number;
  /** Null: depends on the heap's size. */
  readonly bufferedBytesMax: number | null;
  readonly spoolBytesMax: number;
  readonly connectionsMax: number;
  readonly log: 'text' | 'json';
  /** Null: only this machine, and admin tokens that may read the platform, get the metrics. */
  readonly metricsToken: string | null;
  /** The most organizations that metrics name; 0 names none. */
  readonly metricsOrganizationsMax: number;
  /** Null: no traces are recorded and no metrics are sent. */
  readonly telemetry: TelemetrySettings | null;
  readonly drainMsMax: number;
  readonly drainLeadMs: number;
  readonly stallMsMax: number;
  readonly fastLane: 'on' | 'off';
  /** Null: request-log rows are kept forever, unless their organization sets a limit. */
  readonly requestLogDaysMax: number | null;
  /** The folder for archives of the request log. Null: none are written. */
  readonly archiveDir: string | null;
  /** Every setting with its value, for people to read. A secret only says if it is set. */
  readonly inForce: readonly SettingInForce[];
}

/** The collector of traces and metrics, and the share of traces to record. */
export interface TelemetrySettings {
  readonly endpoint: string;
  /** These may hold the collector's secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** 0 to 1. */
  readonly share: number;
}

/** A setting with its current value; the value of a secret is always empty. */
export interface SettingInForce extends Omit<Setting, 'secret' | 'orElse'> {
  readonly value: string;
  readonly isSet: boolean;
  readonly isSecret: boolean;
}

/** Counters, decisions and the repair of rollups read this many days back. */
const LOG_DAYS_MIN = 31;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment. Flags `--name value` with the same names take precedence. Throws BadSetting. */
export function readConfig(env: Environment, flags: readonly string[] = []): Config {
  const values = new Map(SETTINGS.map((setting) => [setting.name, valueIn(env, setting)]));
  for (const [name, value] of flagPairs(flags)) values.set(name, value);
  const text = (name: string) => values.get(name) ?? '';
  const read = <Value>(name: string, form: z.ZodType<Value>) => parsed(name, text(name), form);
  const readIfSet = <Value>(name: string, form: z.ZodType<Value>) => (text(name) === '' ? null : read(name, form));
  const smtpUrl = readIfSet('HEADGATE_SMTP_URL', schema.smtpUrl);
  const endpoint = readIfSet('OTEL_EXPORTER_OTLP_ENDPOINT', schema.collector);
  // Checked without a collector as well, because a mistake would show only after one is set.
  const headers = read('OTEL_EXPORTER_OTLP_HEADERS', schema.headers);
  const share = read('HEADGATE_TRACES_SHARE', schema.share);
  const config: Config = {
    host: text('HEADGATE_HOST'),
    port: parsed(nameOfPort(env, text('HEADGATE_PORT')), text('HEADGATE_PORT'), schema.whole(0, 65_535)),
    dataDir: resolve(text('HEADGATE_DATA_DIR')),
    databaseUrl: readIfSet('DATABASE_URL', schema.databaseUrl),
    databaseDirectUrl: readIfSet('DATABASE_DIRECT_URL', schema.databaseUrl),
    databaseConnectionsMax: read('HEADGATE_DATABASE_CONNECTIONS', schema.whole(2, 1_000)),
    redisUrl: readIfSet('REDIS_URL', schema.redisUrl),
    redisCaFile: text('HEADGATE_REDIS_CA_FILE') === '' ? null : resolve(text('HEADGATE_REDIS_CA_FILE')),
    workers: read('HEADGATE_WORKERS', schema.whole(1, 128)),
    worker: 0,
    role: read('HEADGATE_ROLE', schema.oneOf(['all', 'data', 'admin'])),
    withoutRedis: {
      budgets: read('HEADGATE_BUDGETS_WITHOUT_REDIS', schema.oneOf(['refuse', 'admit'])),
      limits: read('HEADGATE_LIMITS_WITHOUT_REDIS', schema.oneOf(['share', 'refuse'])),
    },
    mode: read('HEADGATE_MODE', schema.oneOf(['development', 'production'])),
    developmentOnNetwork: read('HEADGATE_DEVELOPMENT_ON_NETWORK', schema.oneOf(['off', 'on'])),
    publicUrl: readIfSet('HEADGATE_PUBLIC_URL', schema.origin),
    smtp: smtpUrl === null ? null : { url: smtpUrl, from: read('HEADGATE_MAIL_FROM', schema.sender) },
    adminToken: readIfSet('HEADGATE_ADMIN_TOKEN', schema.adminToken),
    masterKey: masterKeySource('HEADGATE_MASTER_KEY', text),
    demo: read('HEADGATE_DEMO', schema.oneOf(['on', 'off'])),
    allowedUpstreams: read('HEADGATE_ALLOWED_UPSTREAMS', schema.list),
    ambientCredentials: read('HEADGATE_AMBIENT_CREDENTIALS', schema.clouds),
    responsesUpstreams: read('HEADGATE_RESPONSES_UPSTREAMS', schema.list),
    allowedOwnUpstreams: read('HEADGATE_ALLOWED_OWN_UPSTREAMS', schema.list),
    allowedWebhooks: read('HEADGATE_ALLOWED_WEBHOOKS', schema.list),
    allowedIdentityProviders: read('HEADGATE_ALLOWED_IDENTITY_PROVIDERS', schema.list),
    trustedProxies: read('HEADGATE_TRUSTED_PROXIES', schema.proxies),
    dnsServers: read('HEADGATE_DNS_SERVERS', schema.dnsServers),
    journalBytesMax: read('HEADGATE_JOURNAL_BYTES_MAX', schema.whole(65_536, 2 ** 40)),
    journalKeepBytesMax: read('HEADGATE_JOURNAL_KEEP_BYTES_MAX', schema.whole(0, 2 ** 40)),
    cacheBytesMax: read('HEADGATE_CACHE_BYTES_MAX', schema.whole(0, 2 ** 36)),
    filesBytesMax: read('HEADGATE_FILES_BYTES_MAX', schema.whole(0, 2 ** 50)),
    fileDays: read('HEADGATE_FILE_DAYS', schema.whole(1, 30)),
    bodyBytesMax: read('HEADGATE_BODY_BYTES_MAX', schema.whole(1_024, 2 ** 30)),
    bufferedBytesMax: readIfSet('HEADGATE_BUFFERED_BYTES_MAX', schema.whole(1_048_576, 2 ** 40)),
    spoolBytesMax: read('HEADGATE_SPOOL_BYTES_MAX', schema.whole(1_048_576, 2 ** 50)),
    connectionsMax: read('HEADGATE_CONNECTIONS_MAX', schema.whole(16, 1_048_576)),
    log: read('HEADGATE_LOG', schema.oneOf(['text', 'json'])),
    metricsToken: readIfSet('HEADGATE_METRICS_TOKEN', schema.token),
    metricsOrganizationsMax: read('HEADGATE_METRICS_ORGANIZATIONS', schema.whole(0, 1_000)),
    telemetry: endpoint === null ? null : { endpoint, headers, serviceName: text('OTEL_SERVICE_NAME'), share },
    drainMsMax: read('HEADGATE_DRAIN_SECONDS', schema.whole(0, 3_600)) * 1_000,
    drainLeadMs: read('HEADGATE_DRAIN_LEAD_SECONDS', schema.whole(0, 300)) * 1_000,
    stallMsMax: read('HEADGATE_STALL_SECONDS', schema.whole(1, 3_600)) * 1_000,
    fastLane: read('HEADGATE_FAST_LANE', schema.oneOf(['on', 'off'])),
    requestLogDaysMax: readIfSet('HEADGATE_REQUEST_LOG_DAYS', schema.whole(LOG_DAYS_MIN, 36_500)),
    archiveDir: text('HEADGATE_ARCHIVE_DIR') === '' ? null : resolve(text('HEADGATE_ARCHIVE_DIR')),
    inForce: SETTINGS.map((setting) => inForce(setting, text(setting.name))),
  };
  refuseWhatNeedsMore(config);
  return config;
}

/** The place that gave a setting its value: a flag, the variable of its own name or of another, or nobody. */
export type SettingSource = 'flag' | 'environment' | 'default' | `environment (${string})`;

/** Returns the source of each setting by its name, as `readConfig` decides. Throws BadSetting for flags that it refuses. */
export function settingSources(env: Environment, flags: readonly string[] = []): ReadonlyMap<string, SettingSource> {
  const given = new Set(flagPairs(flags).map(([name]) => name));
  return new Map(SETTINGS.map((setting) => [setting.name, given.has(setting.name) ? 'flag' : sourceIn(env, setting)]));
}

function sourceIn(env: Environment, { name, orElse }: Setting): SettingSource {
  if (env[name]) return 'environment';
  return orElse !== undefined && env[orElse] ? `environment (${orElse})` : 'default';
}

function valueIn(env: Environment, { name, orElse, default: standard }: Setting): string {
  return env[name] || (orElse !== undefined && env[orElse]) || standard;
}

/** Throws BadSetting with the first thing that is wrong. */
function parsed<Value>(name: string, text: string, form: z.ZodType<Value>): Value {
  const result = form.safeParse(text);
  if (!result.success) throw new BadSetting(`${name}: ${result.error.issues[0]?.message}`);
  return result.data;
}

/** Returns the variable that the operator set for the port, for errors. */
function nameOfPort(env: Environment, port: string): string {
  return !env.HEADGATE_PORT && env.PORT === port ? 'PORT' : 'HEADGATE_PORT';
}

function inForce({ secret, orElse: _, ...setting }: Setting, value: string): SettingInForce {
  const isSecret = secret === true;
  return { ...setting, value: isSecret ? '' : value, isSet: value !== setting.default, isSecret };
}

/** Refuses settings that need another one which is missing. Throws BadSetting with the reason. */
function refuseWhatNeedsMore(config: Config): void {
  const { databaseUrl, databaseDirectUrl, redisUrl, redisCaFile, workers, role, host, mode, developmentOnNetwork, masterKey } =
    config;
  if (mode === 'development' && developmentOnNetwork === 'off' && !isLoopbackHost(host))
    throw new BadSetting(
      `HEADGATE_HOST: development mode trusts this machine, and ${host} lets other machines in: ` +
        'set HEADGATE_MODE=production, or HEADGATE_DEVELOPMENT_ON_NETWORK=on if that is meant.',
    );
  if (redisUrl !== null && databaseUrl === null)
    throw new BadSetting('REDIS_URL: replicas that count together need one database: set DATABASE_URL as well.');
  if (databaseDirectUrl !== null && databaseUrl === null)
    throw new BadSetting('DATABASE_DIRECT_URL: it leads past the pooler of DATABASE_URL: set that as well.');
  if (redisCaFile !== null && !redisUrl?.startsWith('rediss:'))
    throw new BadSetting('HEADGATE_REDIS_CA_FILE: it verifies a server with TLS: set REDIS_URL to rediss://….');
  if (workers > 1 && redisUrl === null)
    throw new BadSetting(
      `HEADGATE_WORKERS: ${workers} processes would each grant every limit in full: set REDIS_URL, in which they count together.`,
    );
  if (role !== 'all' && redisUrl === null)
    throw new BadSetting(
      `HEADGATE_ROLE: ${role} serves one plane of several processes, which count together in REDIS_URL: set it.`,
    );
  if (mode === 'production' && masterKey.from === 'data directory')
    throw new BadSetting(
      'HEADGATE_MASTER_KEY is required in production: 32 random bytes in base64, kept outside the data directory. ' +
        'HEADGATE_MASTER_KEY_FILE or HEADGATE_MASTER_KEY_COMMAND may give it as well.',
    );
}

/** Returns true if only this machine can reach the host. */
function isLoopbackHost(host: string): boolean {
  return /^(localhost\.?|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** Reads flags: `--headgate-port 4100`, `--headgate-port=4100` or `--port 4100`. The prefix `headgate-` is optional. */
function flagPairs(flags: readonly string[]): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < flags.length; at += 1) {
    const flag = flags[at] as string;
    if (!flag.startsWith('--')) throw new BadSetting(`${flag}: expected a flag such as --port 4000.`);
    const equals = flag.indexOf('=');
    const name = settingOfFlag(equals < 0 ? flag.slice(2) : flag.slice(2, equals), flag);
    const value = equals < 0 ? flags[++at] : flag.slice(equals + 1);
    if (value === undefined) throw new BadSetting(`${flag}: a value must follow.`);
    pairs.push([name, value]);
  }
  return pairs;
}

function settingOfFlag(text: string, flag: string): string {
  const upper = text.toUpperCase().replaceAll('-', '_');
  const found = SETTINGS.find(({ name }) => name === upper || name === `HEADGATE_${upper}`);
  if (found === undefined) throw new BadSetting(`${flag}: there is no such setting.${hintOf(upper)}`);
  return found.name;
}

function hintOf(name: string): string {
  const nearest = nearestSetting(name);
  return nearest === null ? '' : ` Did you mean ${flagOf(nearest).replace('headgate-', '')}?`;
}
