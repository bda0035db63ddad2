import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { BadSetting } from './bad-setting.ts';
import { type MasterKeySource, masterKeySource } from './master-key.ts';
import { SETTINGS, type Setting } from './settings.ts';

/** All settings, parsed once. Only `settings.ts` defines their names and defaults. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  /** Null: this process alone counts limits and budgets. */
  readonly redisUrl: string | null;
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
  readonly allowedWebhooks: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly journalBytesMax: number;
  /** 0 keeps no rows after PostgreSQL stored them. */
  readonly journalKeepBytesMax: number;
  readonly bodyBytesMax: number;
  /** Null: depends on the heap's size. */
  readonly bufferedBytesMax: number | null;
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
  const mode = oneOf('HEADGATE_MODE', text, ['development', 'production']);
  const config: Config = {
    host: text('HEADGATE_HOST'),
    port: portFrom(env, text),
    dataDir: resolve(text('HEADGATE_DATA_DIR')),
    databaseUrl: databaseUrl(text('DATABASE_URL')),
    redisUrl: redisUrl(text('REDIS_URL')),
    workers: whole('HEADGATE_WORKERS', text, 1, 128),
    worker: 0,
    role: oneOf('HEADGATE_ROLE', text, ['all', 'data', 'admin']),
    withoutRedis: {
      budgets: oneOf('HEADGATE_BUDGETS_WITHOUT_REDIS', text, ['refuse', 'admit']),
      limits: oneOf('HEADGATE_LIMITS_WITHOUT_REDIS', text, ['share', 'refuse']),
    },
    mode,
    developmentOnNetwork: oneOf('HEADGATE_DEVELOPMENT_ON_NETWORK', text, ['off', 'on']),
    publicUrl: publicUrl(text('HEADGATE_PUBLIC_URL')),
    smtp: smtp(text('HEADGATE_SMTP_URL'), text('HEADGATE_MAIL_FROM')),
    adminToken: adminToken(text('HEADGATE_ADMIN_TOKEN')),
    masterKey: masterKeySource('HEADGATE_MASTER_KEY', text),
    demo: oneOf('HEADGATE_DEMO', text, ['on', 'off']),
    allowedUpstreams: list(text('HEADGATE_ALLOWED_UPSTREAMS')),
    allowedWebhooks: list(text('HEADGATE_ALLOWED_WEBHOOKS')),
    trustedProxies: trustedProxies(text('HEADGATE_TRUSTED_PROXIES')),
    journalBytesMax: whole('HEADGATE_JOURNAL_BYTES_MAX', text, 65_536, 2 ** 40),
    journalKeepBytesMax: whole('HEADGATE_JOURNAL_KEEP_BYTES_MAX', text, 0, 2 ** 40),
    bodyBytesMax: whole('HEADGATE_BODY_BYTES_MAX', text, 1_024, 2 ** 30),
    bufferedBytesMax:
      text('HEADGATE_BUFFERED_BYTES_MAX') === '' ? null : whole('HEADGATE_BUFFERED_BYTES_MAX', text, 1_048_576, 2 ** 40),
    connectionsMax: whole('HEADGATE_CONNECTIONS_MAX', text, 16, 1_048_576),
    log: oneOf('HEADGATE_LOG', text, ['text', 'json']),
    metricsToken: metricsToken(text('HEADGATE_METRICS_TOKEN')),
    metricsOrganizationsMax: whole('HEADGATE_METRICS_ORGANIZATIONS', text, 0, 1_000),
    telemetry: telemetry(text),
    drainMsMax: whole('HEADGATE_DRAIN_SECONDS', text, 0, 3_600) * 1_000,
    drainLeadMs: whole('HEADGATE_DRAIN_LEAD_SECONDS', text, 0, 300) * 1_000,
    stallMsMax: whole('HEADGATE_STALL_SECONDS', text, 1, 3_600) * 1_000,
    fastLane: oneOf('HEADGATE_FAST_LANE', text, ['on', 'off']),
    requestLogDaysMax:
      text('HEADGATE_REQUEST_LOG_DAYS') === '' ? null : whole('HEADGATE_REQUEST_LOG_DAYS', text, LOG_DAYS_MIN, 36_500),
    inForce: SETTINGS.map((setting) => inForce(setting, text(setting.name))),
  };
  refuseWhatNeedsMore(config);
  if (mode === 'production' && config.masterKey.from === 'data directory') {
    throw new BadSetting(
      'HEADGATE_MASTER_KEY is required in production: 32 random bytes in base64, kept outside the data directory. ' +
        'HEADGATE_MASTER_KEY_FILE or HEADGATE_MASTER_KEY_COMMAND may give it as well.',
    );
  }
  return config;
}

function valueIn(env: Environment, { name, orElse, default: standard }: Setting): string {
  return env[name] || (orElse !== undefined && env[orElse]) || standard;
}

/** Reads the port. An error names the variable that the operator set. */
function portFrom(env: Environment, text: (name: string) => string): number {
  const isOfPlatform = !env.HEADGATE_PORT && env.PORT === text('HEADGATE_PORT');
  return whole(isOfPlatform ? 'PORT' : 'HEADGATE_PORT', () => text('HEADGATE_PORT'), 0, 65_535);
}

function inForce({ secret, orElse: _, ...setting }: Setting, value: string): SettingInForce {
  const isSecret = secret === true;
  return { ...setting, value: isSecret ? '' : value, isSet: value !== setting.default, isSecret };
}

/** Refuses settings that need another one which is missing. Throws BadSetting with the reason. */
function refuseWhatNeedsMore({ databaseUrl, redisUrl, workers, role, host, mode, developmentOnNetwork }: Config): void {
  if (mode === 'development' && developmentOnNetwork === 'off' && !isLoopbackHost(host))
    throw new BadSetting(
      `HEADGATE_HOST: development mode trusts this machine, and ${host} lets other machines in: ` +
        'set HEADGATE_MODE=production, or HEADGATE_DEVELOPMENT_ON_NETWORK=on if that is meant.',
    );
  if (redisUrl !== null && databaseUrl === null)
    throw new BadSetting('REDIS_URL: replicas that count together need one database: set DATABASE_URL as well.');
  if (workers > 1 && redisUrl === null)
    throw new BadSetting(
      `HEADGATE_WORKERS: ${workers} processes would each grant every limit in full: set REDIS_URL, in which they count together.`,
    );
  if (role !== 'all' && redisUrl === null)
    throw new BadSetting(
      `HEADGATE_ROLE: ${role} serves one plane of several processes, which count together in REDIS_URL: set it.`,
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
  if (found === undefined) throw new BadSetting(`${flag}: there is no such setting.`);
  return found.name;
}

function oneOf<Choice extends string>(name: string, text: (name: string) => string, choices: readonly Choice[]): Choice {
  const value = text(name);
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new BadSetting(`${name}: ${JSON.stringify(value)} is not one of ${choices.join(', ')}.`);
  return found;
}

function whole(name: string, text: (name: string) => string, least: number, most: number): number {
  const value = text(name);
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new BadSetting(`${name}: ${JSON.stringify(value)} is not a whole number from ${least} to ${most}.`);
  return number;
}

/** Checks all values even without a collector, because a mistake would show only after one is set. */
function telemetry(text: (name: string) => string): TelemetrySettings | null {
  const share = text('HEADGATE_TRACES_SHARE');
  if (!/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(share))
    throw new BadSetting(`HEADGATE_TRACES_SHARE: ${JSON.stringify(share)} is not a number from 0 to 1.`);
  const headers = collectorHeaders(text('OTEL_EXPORTER_OTLP_HEADERS'));
  const endpoint = text('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === '') return null;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new BadSetting('OTEL_EXPORTER_OTLP_ENDPOINT: must be an http(s) URL.');
  if (new URL(endpoint).username !== '' || new URL(endpoint).password !== '')
    throw new BadSetting('OTEL_EXPORTER_OTLP_ENDPOINT: must hold no user or password; put them into OTEL_EXPORTER_OTLP_HEADERS.');
  return { endpoint, headers, serviceName: text('OTEL_SERVICE_NAME'), share: Number(share) };
}

/** Reads headers in the form of W3C baggage, as OpenTelemetry requires: values percent-encoded. Errors never repeat a value. */
function collectorHeaders(text: string): Readonly<Record<string, string>> {
  const pairs = list(text).map((pair) => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([\x21-\x7e]*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || !canDecode(value))
      throw new BadSetting('OTEL_EXPORTER_OTLP_HEADERS: must be name=value pairs with commas between, values percent-encoded.');
    return [name.toLowerCase(), decodeURIComponent(value)] as const;
  });
  return Object.fromEntries(pairs);
}

function canDecode(value: string): boolean {
  try {
    return /^[\x20-\x7e]*$/.test(decodeURIComponent(value));
  } catch {
    return false;
  }
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Reads IP addresses and CIDR ranges. */
function trustedProxies(text: string): readonly string[] {
  const proxies = list(text);
  for (const proxy of proxies) {
    const [address = '', length, ...rest] = proxy.split('/');
    const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
    const isRange = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= most);
    if (most < 0 || !isRange || rest.length > 0)
      throw new BadSetting(`HEADGATE_TRUSTED_PROXIES: ${JSON.stringify(proxy)} is not an address or a CIDR such as 10.0.0.0/8.`);
  }
  return proxies;
}

function databaseUrl(text: string): string | null {
  if (text === '') return null;
  if (!/^postgres(ql)?:\/\//.test(text)) throw new BadSetting('DATABASE_URL: must begin with postgres:// or postgresql://.');
  return text;
}

/** Checks the URL. It may hold a password, so no error repeats it. */
function redisUrl(text: string): string | null {
  if (text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    throw new BadSetting('REDIS_URL: must be redis://host:port or rediss://host:port, with user:password@ where it is needed.');
  return text;
}

function publicUrl(text: string): string | null {
  if (text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new BadSetting(`HEADGATE_PUBLIC_URL: ${JSON.stringify(text)} is not an http(s) URL.`);
  return url.origin;
}

/** Checks both as far as possible without a connection. The URL holds a password, so no error repeats it. */
function smtp(url: string, from: string): Config['smtp'] {
  if (url === '') return null;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new BadSetting(
      'HEADGATE_SMTP_URL: must be smtp://host:port or smtps://host:port, with user:password@ where it is needed.',
    );
  if (!/^[^\r\n]{0,200}?<?[^\s<>@]{1,64}@[^\s<>@]{1,190}>?$/.test(from))
    throw new BadSetting(
      'HEADGATE_MAIL_FROM: must be an address such as Headgate <headgate@example.com>, since HEADGATE_SMTP_URL is set.',
    );
  return { url, from };
}

/**
 * Accepts any token that an `Authorization` header can carry and that does not look like a data-plane key, because a stored token
 * must also work. A token of less than 24 characters could be guessed.
 */
function adminToken(text: string): string | null {
  if (text === '') return null;
  if (!/^[\x21-\x7e]{24,256}$/.test(text) || text.startsWith('sk-hg-'))
    throw new BadSetting('HEADGATE_ADMIN_TOKEN: must be 24 to 256 visible ASCII characters, and no data-plane key (sk-hg-…).');
  return text;
}

function metricsToken(text: string): string | null {
  if (text === '') return null;
  if (!/^[\x21-\x7e]{24,256}$/.test(text))
    throw new BadSetting('HEADGATE_METRICS_TOKEN: must be 24 to 256 visible ASCII characters.');
  return text;
}
