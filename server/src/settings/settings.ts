/** Every setting with its default. This table is the only place that names them; `docs/operating.md` lists them from it. */

import { DATA_PREFIXES_IN_WORDS } from '../domain/planes.ts';

/** A setting as operators see it. */
export interface Setting {
  readonly name: string;
  readonly default: string;
  readonly about: string;
  /** Another variable for the same value, which platforms set. It applies if ours is not set. */
  readonly orElse?: string;
  /** True if the value must never be shown. */
  readonly secret?: true;
}

export const SETTINGS: readonly Setting[] = [
  {
    name: 'HEADGATE_PORT',
    default: '4000',
    about:
      'Port of the data plane, the admin API and the console (0 takes a free one). If it is not set, PORT is used, which hosting platforms set.',
    orElse: 'PORT',
  },
  {
    name: 'HEADGATE_HOST',
    default: '127.0.0.1',
    about: 'Address to listen on. Anything but loopback needs production mode, or HEADGATE_DEVELOPMENT_ON_NETWORK.',
  },
  { name: 'HEADGATE_DATA_DIR', default: './data', about: 'Journal, generated secrets and the embedded database.' },
  {
    name: 'DATABASE_URL',
    default: '',
    about: 'A PostgreSQL (15 or later) connection URL; empty uses the embedded database.',
    secret: true,
  },
  {
    name: 'DATABASE_DIRECT_URL',
    default: '',
    about:
      'A URL that reaches the same PostgreSQL without the pooler of DATABASE_URL. Replicas hear of changes over it at once; without it, behind a pooler, within 2 seconds.',
    secret: true,
  },
  {
    name: 'HEADGATE_DATABASE_CONNECTIONS',
    default: '10',
    about: 'The most connections of one process to PostgreSQL for requests and the admin API. Jobs use 4 more, and notices 1.',
  },
  {
    name: 'REDIS_URL',
    default: '',
    about:
      'A Redis (6.2 or later) or Valkey, single or any node of a cluster, in which all replicas count together; empty allows one process. Needs DATABASE_URL.',
    secret: true,
  },
  {
    name: 'HEADGATE_REDIS_CA_FILE',
    default: '',
    about: 'A PEM file with the CA that signed the certificate of a rediss:// server; empty trusts the public CAs.',
  },
  {
    name: 'HEADGATE_WORKERS',
    default: '1',
    about: 'Processes on this host that share the port, each with its own journal. More than 1 needs REDIS_URL.',
  },
  {
    name: 'HEADGATE_ROLE',
    default: 'all',
    about: `\`data\` serves the data plane alone (${DATA_PREFIXES_IN_WORDS}), \`admin\` everything else. Other than \`all\` needs REDIS_URL.`,
  },
  {
    name: 'HEADGATE_BUDGETS_WITHOUT_REDIS',
    default: 'refuse',
    about:
      'Requests under a budget that refuses, while Redis cannot be reached: `refuse` answers 503, `admit` lets them pass and settles them later.',
  },
  {
    name: 'HEADGATE_LIMITS_WITHOUT_REDIS',
    default: 'share',
    about: 'Rate limits while Redis cannot be reached: `share` gives each replica its part of the limit, `refuse` answers 503.',
  },
  {
    name: 'HEADGATE_MODE',
    default: 'development',
    about:
      '`production` generates no secrets, prints none, and refuses loopback upstreams that `HEADGATE_ALLOWED_UPSTREAMS` does not list.',
  },
  {
    name: 'HEADGATE_DEVELOPMENT_ON_NETWORK',
    default: 'off',
    about:
      '`on` lets development mode listen on an address that other machines reach. Whoever may edit credentials there can call loopback.',
  },
  { name: 'HEADGATE_PUBLIC_URL', default: '', about: 'What links and origin checks use.' },
  {
    name: 'HEADGATE_SMTP_URL',
    default: '',
    about: 'The mail server: smtp://user:password@host:587 or smtps://…; empty sends none, and links are shown to copy.',
    secret: true,
  },
  {
    name: 'HEADGATE_MAIL_FROM',
    default: '',
    about: 'The sender of mail, such as Headgate <headgate@example.com>; needed with HEADGATE_SMTP_URL.',
  },
  {
    name: 'HEADGATE_DNS_SERVERS',
    default: '',
    about:
      'The DNS servers that look up the records of verified domains, with commas between: 10.0.0.53 or 10.0.0.53:5353. Empty uses those of the system.',
  },
  {
    name: 'HEADGATE_TRUSTED_PROXIES',
    default: '',
    about: 'CIDRs whose forwarded headers count; from anyone else they are ignored.',
  },
  {
    name: 'HEADGATE_ADMIN_TOKEN',
    default: '',
    about:
      'The installation’s platform admin token, 24 characters or more; a changed one ends the one before. Empty generates one at the first start and prints it once.',
    secret: true,
  },
  {
    name: 'HEADGATE_MASTER_KEY',
    default: '',
    about:
      '32 bytes in base64; wraps the keys that encrypt secrets at rest. Empty, and none of the next two: one is generated into the data directory.',
    secret: true,
  },
  {
    name: 'HEADGATE_MASTER_KEY_FILE',
    default: '',
    about: 'A file that holds the master key, as a secret store mounts it, in place of HEADGATE_MASTER_KEY.',
  },
  {
    name: 'HEADGATE_MASTER_KEY_COMMAND',
    default: '',
    about:
      'A command whose output is the master key, such as the client of a key management service, in place of HEADGATE_MASTER_KEY. The shell runs it at each start, for up to 30 seconds.',
    secret: true,
  },
  {
    name: 'HEADGATE_DEMO',
    default: 'off',
    about: '`on` makes the demo organization when the database is empty (`npm start` does on an empty data directory).',
  },
  {
    name: 'HEADGATE_ALLOWED_UPSTREAMS',
    default: '',
    about: 'Hosts or CIDRs beyond public addresses that a credential may point at, also without TLS, separated by commas.',
  },
  {
    name: 'HEADGATE_AMBIENT_CREDENTIALS',
    default: '',
    about:
      'The clouds whose identity of this machine credentials of the kind `ambient` may use: `aws`, `gcp`, `azure`, separated by commas. Empty allows none.',
  },
  {
    name: 'HEADGATE_RESPONSES_UPSTREAMS',
    default: '',
    about:
      'Hosts of OpenAI-compatible servers that speak the Responses API themselves, besides api.openai.com, separated by commas. For other servers `/v1/responses` is translated into chat completions.',
  },
  {
    name: 'HEADGATE_ALLOWED_OWN_UPSTREAMS',
    default: '',
    about:
      'Hosts or CIDRs beyond public addresses that an organization’s own credential may point at, also without TLS, separated by commas. HEADGATE_ALLOWED_UPSTREAMS does not count for them, and loopback needs to be listed in development too.',
  },
  {
    name: 'HEADGATE_ALLOWED_WEBHOOKS',
    default: '',
    about:
      'Hosts or CIDRs beyond public addresses that a webhook may point at, also without TLS, separated by commas. Loopback needs to be listed in development too.',
  },
  {
    name: 'HEADGATE_ALLOWED_IDENTITY_PROVIDERS',
    default: '',
    about:
      'Hosts or CIDRs beyond public addresses at which an organization’s identity provider may be, separated by commas. Loopback needs to be listed in development too.',
  },
  {
    name: 'HEADGATE_REQUEST_LOG_DAYS',
    default: '',
    about: 'For how many days request-log rows are kept at most (31 or more); empty keeps them for good. The ledger stays.',
  },
  {
    name: 'HEADGATE_ARCHIVE_DIR',
    default: '',
    about:
      'A folder to which months of the request log past HEADGATE_REQUEST_LOG_DAYS are written before they are dropped; empty drops them.',
  },
  {
    name: 'HEADGATE_JOURNAL_BYTES_MAX',
    default: '1073741824',
    about: 'Bytes of settlement the journal may hold while the database cannot be reached.',
  },
  {
    name: 'HEADGATE_JOURNAL_KEEP_BYTES_MAX',
    default: '268435456',
    about:
      'Bytes of settlement kept for 15 minutes after PostgreSQL stored it, for a failover to a replica that lacks the last of it; 0 keeps none.',
  },
  { name: 'HEADGATE_BODY_BYTES_MAX', default: '33554432', about: 'Largest request body of the data plane.' },
  {
    name: 'HEADGATE_BUFFERED_BYTES_MAX',
    default: '',
    about:
      'Bytes that all request bodies together may take in one process while they arrive and until they are read; empty: 268435456, or a quarter of the heap where that is less. No body is larger than it.',
  },
  {
    name: 'HEADGATE_SPOOL_BYTES_MAX',
    default: '8589934592',
    about:
      'Bytes that large forms (recordings, pictures, files) together may take on the disk of the data directory, in one process, while they arrive and until they are answered. One key or address may take a quarter.',
  },
  {
    name: 'HEADGATE_CACHE_BYTES_MAX',
    default: '67108864',
    about:
      'Bytes that answers of the exact cache may take in one process; 0 keeps none. Only organizations that turn it on, and names that allow it, use it.',
  },
  {
    name: 'HEADGATE_FILES_BYTES_MAX',
    default: '10737418240',
    about: 'Bytes of files for batches that one organization may have in the database; 0 takes none.',
  },
  {
    name: 'HEADGATE_FILE_DAYS',
    default: '30',
    about: 'For how many days a file for batches is kept, unless its upload asks for less; 30 at most.',
  },
  {
    name: 'HEADGATE_CONNECTIONS_MAX',
    default: '16384',
    about:
      'Connections to one process; further ones are closed at once. One address may have a quarter of them, unless it is in HEADGATE_TRUSTED_PROXIES.',
  },
  { name: 'HEADGATE_LOG', default: 'text', about: '`json` writes one JSON object a line.' },
  {
    name: 'HEADGATE_METRICS_ORGANIZATIONS',
    default: '0',
    about:
      'How many organizations each process names by id in its metrics, the first that it sees (up to 1000); the rest are `other`.',
  },
  {
    name: 'HEADGATE_METRICS_TOKEN',
    default: '',
    about: 'A bearer token that reads `/metrics` and nothing else, for scrapers on other machines: 24 characters or more.',
    secret: true,
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    default: '',
    about: 'An OpenTelemetry collector over HTTP, such as http://collector:4318; empty records no traces.',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    default: '',
    about: 'Headers for the collector, as name=value,name=value with values percent-encoded.',
    secret: true,
  },
  { name: 'OTEL_SERVICE_NAME', default: 'headgate', about: 'What traces and metrics for the collector call this service.' },
  {
    name: 'HEADGATE_TRACES_SHARE',
    default: '1',
    about: 'The share of traces recorded that no caller began, 0 to 1; one that a caller began is recorded when they record it.',
  },
  { name: 'HEADGATE_DRAIN_SECONDS', default: '30', about: 'How long streams may finish after SIGTERM.' },
  {
    name: 'HEADGATE_DRAIN_LEAD_SECONDS',
    default: '0',
    about:
      'How long after SIGTERM new requests are still served, while `/health/ready` already says `draining`: what a load balancer needs to notice.',
  },
  {
    name: 'HEADGATE_STALL_SECONDS',
    default: '60',
    about: 'How long a client may leave a stream unread before it counts as gone.',
  },
  {
    name: 'HEADGATE_FAST_LANE',
    default: 'on',
    about: '`off` leaves every connection to the general HTTP libraries: more CPU for the same answers.',
  },
];

/** Variables that are no settings of the server: of the command line, of examples, and what one process tells another. */
export const OTHER_VARIABLES: readonly string[] = [
  'HEADGATE_URL',
  'HEADGATE_KEY',
  'HEADGATE_DATABASE',
  'HEADGATE_NEW_MASTER_KEY',
  'HEADGATE_NEW_MASTER_KEY_FILE',
  'HEADGATE_NEW_MASTER_KEY_COMMAND',
  'HEADGATE_WORKER_NUMBER',
];
