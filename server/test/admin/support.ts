/** The admin API on a real database and a real socket, as a client sees it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import type { Actor } from '../../src/admin/http/actor.ts';
import { type AdminApp, createAdminApp } from '../../src/admin/http/app.ts';
import { authenticateCaller } from '../../src/admin/http/authenticate.ts';
import type { AdminDeps, ConfigScopes } from '../../src/admin/http/deps.ts';
import { identityOptions } from '../../src/admin/session/identity-options.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import { type Identity, openIdentity } from '../../src/identity/identity.ts';
import { noMailer } from '../../src/identity/mail/mailer.ts';
import type { PasswordHashing } from '../../src/identity/options.ts';
import { newId } from '../../src/lib/id.ts';
import { hashSecret, newAdminToken, newDataKey } from '../../src/lib/secrets.ts';
import type { Clock } from '../../src/lib/timing/clock.ts';
import * as adminTokens from '../../src/store/accounts/admin-tokens.ts';
import { testTrail } from '../support/audit-trail.ts';
import type { GivenDatabase } from '../support/database.ts';
import { QUICK_PASSWORDS } from '../support/quick-passwords.ts';
import { SAYING } from '../support/saying-protocol.ts';

export interface Answer<T = Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

/** What tests read of an answer without knowing its whole shape. */
// biome-ignore lint/suspicious/noExplicitAny: a test asks for a field by its name, and a wrong one fails the test.
type Body = any;

export type Headers = Readonly<Record<string, string>>;

/** One caller of the API. */
export type Client = (method: string, path: string, body?: unknown, headers?: Headers) => Promise<Answer>;

export interface AdminWorld {
  readonly deps: AdminDeps;
  readonly app: AdminApp;
  readonly address: string;
  /** A platform admin. */
  readonly root: Client;
  /** Every call of configChanged, in order. */
  readonly changes: ConfigScopes[];
  /** Every line the admin plane logged, as JSON. */
  readonly logged: string[];
  /** The hand-turned wall clock. */
  readonly time: { nowMs: number };
  /** A caller with these roles and, when given, an account: as a session will be. */
  as(roles: readonly RoleGrant[], accountId?: string | null): Client;
  /** A caller with this bearer token. */
  withToken(token: string): Client;
}

const ACTOR_HEADER = 'x-test-actor';

/** Parts of a world that are no dependencies of the admin plane. */
interface WorldOptions {
  /** Hashes passwords as the product does. */
  readonly hasSlowPasswords?: boolean;
}

/** Registers opening and closing with the suite being described. `more` stands in for what the suite wants otherwise. */
export function withAdmin(given: GivenDatabase, more: Partial<AdminDeps> = {}, options: WorldOptions = {}): () => AdminWorld {
  let world: AdminWorld | null = null;
  let server: Server | null = null;
  beforeAll(async () => {
    const opened = await openWorld(given, more, options);
    ({ world, server } = opened);
  });
  afterAll(async () => {
    await world?.app.close();
    server?.closeAllConnections();
    server?.close();
  });
  return () => {
    if (world === null) throw new Error('the admin API opens in beforeAll: ask for it inside a test');
    return world;
  };
}

async function openWorld(
  given: GivenDatabase,
  more: Partial<AdminDeps>,
  { hasSlowPasswords = false }: WorldOptions,
): Promise<{ world: AdminWorld; server: Server }> {
  const time = { nowMs: Date.parse('2026-03-10T12:00:00Z') };
  const changes: ConfigScopes[] = [];
  const logged: string[] = [];
  const passwords = hasSlowPasswords ? undefined : QUICK_PASSWORDS;
  const deps = depsOf(given, time, { changes, logged, passwords }, more);
  const app = await createAdminApp(deps, {
    authenticate: (deps, headers, ip) => {
      const actor = headers[ACTOR_HEADER];
      return typeof actor === 'string' ? Promise.resolve(JSON.parse(actor) as Actor) : authenticateCaller(deps, headers, ip);
    },
  });
  const server = createServer((request, response) => app.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = await platformToken(deps);
  const withToken = (token: string) => clientOf(address, { authorization: `Bearer ${token}` });
  const as: AdminWorld['as'] = (roles, accountId = null) => {
    const actor: Actor = { kind: 'account', id: accountId ?? 'acct_nobody', name: 'Somebody', roles, accountId };
    return clientOf(address, { [ACTOR_HEADER]: JSON.stringify(actor) });
  };
  return { server, world: { deps, app, address, root: withToken(token), changes, logged, time, as, withToken } };
}

/** A process at rest. */
export const PROCESS: AdminDeps['process'] = {
  settings: [],
  version: '0.0.0',
  isDemo: false,
  inFlight: () => [],
  databaseAwaySinceMs: () => null,
  deploymentUse: () => ({ requests: 0, tokens: 0, resetsInMs: 60_000 }),
  health: () => ({
    notReady: null,
    version: '0.0.0',
    startedAtMs: 0,
    database: { kind: 'embedded', status: 'ok' },
    unstored: { rows: 0, bytes: 0, ageMs: 0 },
    rejectedRows: 0,
    journalBytes: 0,
    journalBytesMax: 1,
    requestsInFlight: 0,
    cooling: [],
    inMemory: { organizations: 0, keys: 0, counters: 0 },
  }),
};

/** One job, and nothing that runs it. */
export const JOBS: AdminDeps['jobs'] = {
  jobs: [{ name: 'proof', about: 'Compares sums.', schedule: '*/15 * * * *' }],
  trouble: () => null,
  nextRunAt: () => new Date('2026-03-10T12:15:00Z'),
  queue: async () => true,
  wake: () => {},
  enqueueDeliveries: async () => {},
  checkWebhookUrl: () => null,
};

interface Made {
  readonly changes: ConfigScopes[];
  readonly logged: string[];
  readonly passwords: PasswordHashing | undefined;
}

function depsOf(
  given: GivenDatabase,
  time: { nowMs: number },
  { changes, logged, passwords }: Made,
  more: Partial<AdminDeps>,
): AdminDeps {
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const log = (facts: object, message: string) => void logged.push(JSON.stringify({ ...facts, message }));
  return {
    get db() {
      return given().db;
    },
    openSession: () => given().openSession(),
    clock,
    counters: createMemoryCounters({ clock, seedFrom: async () => [] }),
    keys: {
      content: { master: newDataKey(), installation: newDataKey() },
      pepper: newDataKey(),
      otherPepper: null,
      credentials: newDataKey(),
    },
    audit: testTrail(),
    identity: identityOn(given, clock, { publicUrl: more.publicUrl ?? null, passwords }),
    protocols: { oidc: SAYING },
    mailer: noMailer,
    publicUrl: null,
    log: { error: log, warn: log },
    upstream: {
      checkBaseUrl: () => null,
      checkOwnBaseUrl: () => null,
      isPlainOnNetwork: () => false,
      isListed: () => false,
      ambientClouds: new Set(),
      priceFor: () => null,
      contextWindowOf: () => null,
      priceListEdition: 'a list',
      publishedList: { name: 'a list', version: '1', publishedOn: '2026-01-01', author: 'somebody', models: () => [] },
      shippedPresets: [],
      provenPresets: new Set(),
      checkDeployment: () => Promise.reject(new Error('no test of this suite calls a provider')),
      listModels: () => Promise.reject(new Error('no test of this suite calls a provider')),
      readModels: () => Promise.reject(new Error('no test of this suite calls a provider')),
      traceCredential: () => Promise.reject(new Error('no test of this suite calls a provider')),
    },
    process: PROCESS,
    jobs: JOBS,
    lookUpTxt: async () => ({ is: 'failed', reason: 'no test of this suite looks up a domain' }),
    trust: {
      keys: {
        find: () => Promise.reject(new Error('no test of this suite checks a token')),
        test: () => Promise.reject(new Error('no test of this suite asks an issuer')),
      },
      checkUrl: () => null,
    },
    trustedProxies: [],
    configChanged: async (scopes) => void changes.push(scopes),
    ...more,
  };
}

/** Opened with the first question: the database is there only then. */
function identityOn(
  given: GivenDatabase,
  clock: Clock,
  { publicUrl, passwords }: { readonly publicUrl: string | null; readonly passwords: PasswordHashing | undefined },
): Identity {
  const key = newDataKey();
  let opened: Identity | null = null;
  const identity = () => {
    const options = identityOptions(given().db, { key, publicUrl, clock });
    opened ??= openIdentity(passwords === undefined ? options : { ...options, passwords });
    return opened;
  };
  return new Proxy({} as Identity, { get: (_, name: keyof Identity) => identity()[name] });
}

async function platformToken(deps: AdminDeps): Promise<string> {
  const token = newAdminToken();
  await adminTokens.insert(deps.db, {
    id: newId('adm'),
    name: 'root',
    role: 'platform_admin',
    organizationId: null,
    hash: Buffer.from(hashSecret(deps.keys.pepper, token), 'hex'),
    lastFour: token.slice(-4),
    ...adminTokens.ofInstallation('configured'),
    createdBy: 'test',
  });
  return token;
}

function clientOf(address: string, standing: Headers): Client {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: { ...standing, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: Object.fromEntries(response.headers), text, body: parsed(text) };
  };
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

let made = 0;

/** A slug no other test uses. */
export function freshSlug(prefix = 'org'): string {
  made += 1;
  return `${prefix}-${process.pid}-${made}`;
}

/** An organization that may call everything. Throws what the API says when it says no. */
export async function makeOrganization(root: Client, settings: object = {}): Promise<Body> {
  return must(
    await root('POST', '/organizations', { slug: freshSlug(), name: 'Made', asset_access: { mode: 'all' }, ...settings }),
  );
}

/** The body of an answer that must be a success. */
export function must(answer: Answer): Body {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body;
}

/** A person with an account. */
export async function makeAccount(root: Client, name = 'Person'): Promise<Body> {
  made += 1;
  return must(await root('POST', '/accounts', { email: `person-${process.pid}-${made}@example.com`, name }));
}

/** An organization with one team. */
export async function makeTeam(
  root: Client,
  settings: object = {},
  teamSettings: object = {},
): Promise<{ organization: Body; team: Body }> {
  const organization = await makeOrganization(root, settings);
  const team = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Team', ...teamSettings }));
  return { organization, team };
}

/** Somebody in a team: their account and their membership. */
export async function makeTeamMember(
  root: Client,
  teamId: string,
  role = 'team_developer',
): Promise<{ account: Body; memberId: string }> {
  const account = await makeAccount(root);
  const member = must(await root('POST', `/teams/${teamId}/members`, { account_id: account.id, role }));
  return { account, memberId: member.member_id };
}
