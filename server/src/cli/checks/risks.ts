/** The rules by which settings are risky in production. A rule sees the settings alone, and opens no connection. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../../settings/config.ts';
import { type Finding, fail, warn } from './finding.ts';

type Rule = (config: Config) => Finding | null | Promise<Finding | null>;

/** Returns what is risky, in the order of the rules. */
export async function risksOf(config: Config): Promise<readonly Finding[]> {
  const found = await Promise.all(RULES.map((rule) => rule(config)));
  return found.filter((one) => one !== null);
}

const RULES: readonly Rule[] = [
  ({ mode }) =>
    mode === 'production'
      ? null
      : warn(
          'HEADGATE_MODE',
          'Development mode generates secrets, prints them, and allows loopback upstreams.',
          'Set it to production.',
        ),
  ({ developmentOnNetwork }) =>
    developmentOnNetwork === 'off'
      ? null
      : warn(
          'HEADGATE_DEVELOPMENT_ON_NETWORK',
          'Other machines reach a gateway in development mode.',
          'Remove it, and set HEADGATE_MODE=production.',
        ),
  publicUrlRule,
  proxyRule,
  ({ adminToken }) =>
    adminToken === null || !isGuessable(adminToken)
      ? null
      : fail(
          'HEADGATE_ADMIN_TOKEN',
          'The token can be guessed: it is a placeholder, or has too few different characters.',
          'Make one with: openssl rand -hex 32.',
        ),
  ({ metricsToken, adminToken }) =>
    metricsToken !== null && isGuessable(metricsToken)
      ? fail(
          'HEADGATE_METRICS_TOKEN',
          'The token can be guessed: it is a placeholder, or has too few different characters.',
          'Make one with: openssl rand -hex 32.',
        )
      : metricsToken !== null && metricsToken === adminToken
        ? fail('HEADGATE_METRICS_TOKEN', 'The scraper has the platform admin’s token.', 'Give it a token of its own.')
        : null,
  ({ masterKey }) =>
    masterKey.from === 'data directory'
      ? warn(
          'HEADGATE_MASTER_KEY',
          'The master key is in the data directory, beside what it protects.',
          'Set it, its file or its command, and keep a copy elsewhere.',
        )
      : null,
  ({ databaseUrl }) =>
    databaseUrl === null
      ? warn('DATABASE_URL', 'The embedded database serves one process, and a backup needs a stop.', 'Set it to a PostgreSQL.')
      : null,
  ({ databaseUrl }) =>
    databaseUrl === null || isLocal(hostOf(databaseUrl)) || /[?&]sslmode=(prefer|require|verify-ca|verify-full)/.test(databaseUrl)
      ? null
      : warn(
          'DATABASE_URL',
          'The connection to PostgreSQL has no TLS, or does not verify the server.',
          'Add sslmode=verify-full, unless the network is private.',
        ),
  ({ redisUrl }) =>
    redisUrl === null || redisUrl.startsWith('rediss:') || isLocal(hostOf(redisUrl))
      ? null
      : warn('REDIS_URL', 'The connection to Redis has no TLS.', 'Use rediss://, unless the network is private.'),
  ({ redisUrl, databaseUrl }) =>
    redisUrl === null && databaseUrl !== null
      ? warn(
          'REDIS_URL',
          'Without Redis only one process may serve: a second replica does not start.',
          'Set it before you start replicas.',
        )
      : null,
  ({ withoutRedis, redisUrl }) =>
    redisUrl !== null && withoutRedis.budgets === 'admit'
      ? warn(
          'HEADGATE_BUDGETS_WITHOUT_REDIS',
          'Budgets that refuse can be exceeded while Redis cannot be reached.',
          'Set it to refuse, unless that is meant.',
        )
      : null,
  ({ demo, mode }) =>
    demo === 'on' && mode === 'production'
      ? warn('HEADGATE_DEMO', 'An empty database gets the demo organization.', 'Set it to off.')
      : null,
  ({ requestLogDaysMax }) =>
    requestLogDaysMax === null
      ? warn(
          'HEADGATE_REQUEST_LOG_DAYS',
          'The request log is kept for good, about 1 GB for each million requests.',
          'Set the days to keep, 31 or more.',
        )
      : null,
  volumeRule,
  ({ allowedUpstreams }) => openListRule('HEADGATE_ALLOWED_UPSTREAMS', allowedUpstreams),
  ({ allowedOwnUpstreams }) => openListRule('HEADGATE_ALLOWED_OWN_UPSTREAMS', allowedOwnUpstreams),
  ({ allowedWebhooks }) => openListRule('HEADGATE_ALLOWED_WEBHOOKS', allowedWebhooks),
  ({ allowedIdentityProviders }) => openListRule('HEADGATE_ALLOWED_IDENTITY_PROVIDERS', allowedIdentityProviders),
  ({ mode, allowedUpstreams }) =>
    mode === 'production' ? loopbackRule('HEADGATE_ALLOWED_UPSTREAMS', allowedUpstreams, 'whoever may edit credentials') : null,
  ({ allowedOwnUpstreams }) =>
    loopbackRule('HEADGATE_ALLOWED_OWN_UPSTREAMS', allowedOwnUpstreams, 'whoever may edit own credentials of an organization'),
  ({ allowedWebhooks }) => loopbackRule('HEADGATE_ALLOWED_WEBHOOKS', allowedWebhooks, 'whoever may edit webhooks'),
  ({ allowedIdentityProviders }) =>
    loopbackRule('HEADGATE_ALLOWED_IDENTITY_PROVIDERS', allowedIdentityProviders, 'whoever may edit identity providers'),
  ({ drainMsMax }) =>
    drainMsMax < DRAIN_MS_MIN
      ? warn('HEADGATE_DRAIN_SECONDS', 'Each restart ends streams that need longer.', 'Set it to 30 or more.')
      : null,
  ({ telemetry }) =>
    telemetry?.endpoint.startsWith('http:') && Object.keys(telemetry.headers).length > 0 && !isLocal(hostOf(telemetry.endpoint))
      ? warn('OTEL_EXPORTER_OTLP_ENDPOINT', 'The headers for the collector are sent without TLS.', 'Use https://.')
      : null,
];

const DRAIN_MS_MIN = 10_000;

function publicUrlRule({ publicUrl, host }: Config): Finding | null {
  const name = 'HEADGATE_PUBLIC_URL';
  if (publicUrl === null)
    return isLocal(host)
      ? warn(
          name,
          'Without it links name this machine, and no password reset is mailed.',
          'Set it to the https:// address that browsers use.',
        )
      : warn(
          name,
          'Browsers reach the console without TLS, as far as Headgate knows: its cookies are not limited to TLS.',
          'Put a proxy with TLS before it, and set the https:// address.',
        );
  return publicUrl.startsWith('https:') || isLocal(hostOf(publicUrl))
    ? null
    : warn(
        name,
        'Browsers send passwords and cookies without TLS.',
        'Put a proxy with TLS before it, and set the https:// address.',
      );
}

function proxyRule({ trustedProxies, publicUrl }: Config): Finding | null {
  const name = 'HEADGATE_TRUSTED_PROXIES';
  const open = trustedProxies.filter((one) => Number(one.split('/')[1] ?? 128) < (one.includes(':') ? 16 : 8));
  if (open.length > 0)
    return fail(
      name,
      `${open.join(', ')} trusts nearly everybody: any client can claim any address.`,
      'List only the addresses of the proxies.',
    );
  return trustedProxies.length === 0 && publicUrl?.startsWith('https:') && !isLocal(hostOf(publicUrl))
    ? warn(
        name,
        'A proxy ends TLS, and its headers are ignored: all clients share its address, and the delays and bounds of one.',
        'List the proxy’s address.',
      )
    : null;
}

function openListRule(name: string, list: readonly string[]): Finding | null {
  const open = list.filter((one) => one === '*' || /^(0\.0\.0\.0|::)\/0$/.test(one) || one.startsWith('169.254.'));
  return open.length === 0
    ? null
    : fail(
        name,
        `${open.join(', ')} reaches the machine itself and the cloud’s metadata.`,
        'List only the hosts that are meant.',
      );
}

/** Returns a finding if a list names this machine: the whole of it, which includes the gateway's own port and `/metrics`. */
function loopbackRule(name: string, list: readonly string[], who: string): Finding | null {
  const local = list.filter((one) => one !== '' && isLocal(one.replace(/\/\d+$/, '')));
  return local.length === 0
    ? null
    : warn(
        name,
        `${local.join(', ')} is this machine: ${who} can call its services, and those that trust callers from it.`,
        'Give the service an address of its own, unless that is meant.',
      );
}

const TMPFS = 0x01021994;
const OVERLAY = 0x794c7630;

/** Returns a finding if the data directory, with its journal, does not outlive the machine or the container. */
async function volumeRule({ dataDir }: Config): Promise<Finding | null> {
  let directory = dataDir;
  while (!existsSync(directory)) directory = dirname(directory);
  const { type } = await statfs(directory);
  if (type === TMPFS)
    return fail('HEADGATE_DATA_DIR', `${dataDir} is in memory: a restart loses requests that are not stored yet.`, 'Use a disk.');
  return type === OVERLAY
    ? warn(
        'HEADGATE_DATA_DIR',
        `${dataDir} belongs to the container: a new container loses requests that are not stored yet.`,
        'Mount a volume there.',
      )
    : null;
}

const PLACEHOLDER = /change.?me|placeholder|example|replace.?(me|this)|your.?token|default|12345678|password/i;
const DIFFERENT_MIN = 8;

function isGuessable(token: string): boolean {
  return PLACEHOLDER.test(token) || new Set(token).size < DIFFERENT_MIN;
}

function hostOf(url: string): string {
  return /^[a-z]+:\/\/(?:[^/]*@)?(\[[^\]]*\]|[^:/?]*)/i.exec(url)?.[1] ?? '';
}

/** Reports whether a host is this machine. A URL of PostgreSQL without a host names a socket. */
function isLocal(host: string): boolean {
  return /^(|localhost\.?|127(\.\d{1,3}){3}|\[?::1\]?|%2f.*)$/i.test(host);
}
