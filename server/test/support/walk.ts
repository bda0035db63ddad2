/**
 * The walk without sockets and without a database: the real pipeline, counters, journal and fake provider over configuration given as plain
 * data. What a scenario cannot see here (SQL, HTTP framing) has tests of its own.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../src/boot/open-journal.ts';
import type { Counters, SeedFrom } from '../../src/counters/counters.ts';
import { createMemoryCounters, type MemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { CallableTarget, Catalogue, DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import type { KeyConfig, MemberConfig, OrganizationConfig, TeamConfig } from '../../src/domain/tenancy/tenancy.ts';
import type { GatewayRequest, Reply } from '../../src/http/request-reply.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import { createPseudonyms, PROMPT_CACHE_KEYS } from '../../src/lib/pseudonyms.ts';
import { newKeySecret } from '../../src/lib/secrets.ts';
import { type Clock, systemClock } from '../../src/lib/timing/clock.ts';
import { createTraffic } from '../../src/observe/traffic.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { LargeBodies } from '../../src/proxy/bodies/large-bodies.ts';
import { serveDataPlane } from '../../src/proxy/data-plane.ts';
import { createDeploymentHealth } from '../../src/proxy/deployments/health.ts';
import { createDeploymentLoad } from '../../src/proxy/deployments/load.ts';
import { createDeploymentMeasures } from '../../src/proxy/deployments/measures.ts';
import { createDeploymentPace } from '../../src/proxy/deployments/pace.ts';
import { createSecretChoice } from '../../src/proxy/deployments/secret-choice.ts';
import type { Gateway } from '../../src/proxy/gateway.ts';
import { type CopyRecord, createCopyState } from '../../src/proxy/mirror/copy-state.ts';
import { openSnapshot } from '../../src/proxy/snapshot/snapshot.ts';
import { openAnswerCache } from './answer-cache.ts';
import { memoryConversations, memoryResponses, noFiles } from './stored-responses.ts';

const NO_LIMITS = { rateLimits: {}, modelLimits: [], budgets: [] } as const;

export function deployment(more: Partial<DeploymentConfig> = {}): DeploymentConfig {
  return {
    id: 'dep_1',
    model: 'fast',
    provider: 'fake',
    upstreamModel: 'fake-small',
    mode: 'chat',
    credential: null,
    prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 50_000_000, output: 400_000_000 } }],
    limits: { rpm: null, tpm: null },
    weight: 1,
    priority: 0,
    tags: [],
    maxOutputTokens: 4_096,
    timeoutMs: 60_000,
    enabled: true,
    ...more,
  };
}

export function model(
  name: string,
  deployments: readonly DeploymentConfig[],
  more: Partial<CallableTarget> = {},
): CallableTarget {
  const members = deployments.map((one) => ({ deployment: one, weight: one.weight, priority: one.priority }));
  return { name, kind: 'model', mode: 'chat', strategy: 'priority', members, fallbacks: [], accessGroups: new Set(), ...more };
}

export function catalogueOf(targets: readonly CallableTarget[]): Catalogue {
  const groups = new Map<string, Set<string>>();
  for (const target of targets) {
    for (const key of target.accessGroups) groups.set(key, (groups.get(key) ?? new Set()).add(target.name));
  }
  return { version: 1, targets: new Map(targets.map((target) => [target.name, target])), accessGroups: groups };
}

export interface House {
  readonly organization?: Partial<OrganizationConfig>;
  readonly team?: Partial<TeamConfig>;
  readonly key?: Partial<KeyConfig>;
  /** Keys beside the first, each like it but for what is said here: `key_2`, `key_3`, … */
  readonly moreKeys?: readonly Partial<KeyConfig>[];
  /** Teams beside `team_1`, by id. */
  readonly moreTeams?: readonly (Partial<TeamConfig> & { readonly id: string })[];
  /** The member `mem_1`; a key is theirs when its owner says so (`OWNED_BY_MEMBER`). */
  readonly member?: Partial<MemberConfig>;
  readonly targets?: readonly CallableTarget[];
  readonly provider?: Provider;
  /** Providers beside `provider`, by their names. */
  readonly moreProviders?: readonly Provider[];
  readonly clock?: Clock;
  /** What the ledger holds of the time before; nothing unless said. */
  readonly seedFrom?: SeedFrom;
  /** Stands between the walk and the counters. */
  readonly counters?: (counters: MemoryCounters) => Counters;
  readonly gateway?: Partial<Gateway>;
  /** Defects are what the test is about; in any other the house does not close over one. */
  readonly expectsDefects?: boolean;
}

/** Parts of the configuration that an admin changes while the house is open. */
export interface Change {
  readonly organization?: Partial<OrganizationConfig>;
  readonly key?: Partial<KeyConfig>;
  readonly targets?: readonly CallableTarget[];
}

export const OWNED_BY_MEMBER = { owner: { is: 'member', memberId: 'mem_1', accountId: 'acct_1' } } as const;

export interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: () => Record<string, unknown> & { readonly error: Record<string, unknown> };
}

export interface WalkHouse {
  readonly gateway: Gateway;
  readonly counters: MemoryCounters;
  readonly journal: Journal;
  readonly journalDirectory: string;
  readonly secret: string;
  /** One secret per key, in the order of the keys; the first is `secret`. */
  readonly secrets: readonly string[];
  readonly organization: OrganizationConfig;
  readonly keys: readonly KeyConfig[];
  /** Every row that was written, in order. */
  readonly rows: EndRecord[];
  /** What became of each request in a mirror's share, in order. */
  readonly copies: CopyRecord[];
  /** What the operator was told of. */
  readonly defects: unknown[];
  /** How many attempts reached the provider. */
  readonly upstreamCalls: () => number;
  /** Settled once the first attempt reached the provider. */
  readonly upstreamCalled: Promise<void>;
  ask(body: unknown, options?: AskOptions): Promise<Said>;
  /** Makes a change live, as a write of the admin plane does before it answers. */
  change(to: Change): Promise<void>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly path?: string;
  /** Without `?`. */
  readonly query?: string;
  readonly method?: string;
  readonly secret?: string | null;
  readonly headers?: readonly string[];
  readonly raw?: Buffer;
  /** Hang up once this many chunks were read. */
  readonly hangUpAfter?: number;
  /** Leave the stream unread once this many chunks were read. */
  readonly unreadAfter?: number;
  /** Hang up as soon as this is settled. */
  readonly hangUpWhen?: Promise<unknown>;
}

/** Builds a house around one key and opens it. */
export async function openHouse(house: House = {}): Promise<WalkHouse> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-walk-'));
  const rows: EndRecord[] = [];
  let calls = 0;
  let firstCall: () => void = () => {};
  const upstreamCalled = new Promise<void>((resolve) => {
    firstCall = resolve;
  });
  const defects: unknown[] = [];
  const copies: CopyRecord[] = [];
  const defect = (error: unknown) => void defects.push(error);
  const journal = await openJournal({
    directory,
    installationId: 'test',
    bytesMax: 2 ** 24,
    onEvent: () => {},
    onDefect: defect,
  });
  const end = journal.end.bind(journal);
  journal.end = (record) => {
    rows.push(record);
    end(record);
  };
  const counted = (provider: Provider): Provider => ({
    ...provider,
    open: (request, sink) => {
      calls += 1;
      firstCall();
      return provider.open(request, sink);
    },
  });
  const providers = [house.provider ?? createFakeProvider(), ...(house.moreProviders ?? [])].map(counted);
  const clock = house.clock ?? systemClock;
  const counters = createMemoryCounters({ clock, seedFrom: house.seedFrom ?? (async () => []) });
  const { organization, keys } = tenant(house);
  const keyIdBySecret = new Map(keys.map(({ id }) => [newKeySecret(), id]));
  const secrets = [...keyIdBySecret.keys()];
  const now = { organization, keys, targets: house.targets ?? [model('fast', [deployment()])] };
  const traffic = createTraffic();
  const snapshot = await openSnapshot({
    source: {
      loadCatalogue: async () => catalogueOf(now.targets),
      loadOrganization: async () => now.organization,
      findKeyBySecret: async (secret) => {
        const key = now.keys.find(({ id }) => id === keyIdBySecret.get(secret));
        return key === undefined ? null : { key, secretValidUntilMs: null };
      },
      findKey: async (_organizationId, keyId) => now.keys.find(({ id }) => id === keyId) ?? null,
      versions: async () => new Map(),
    },
    clock,
    keysMax: 100,
    inFlight: () => traffic.inFlight(),
    forget: (added) => void counters.forget(added),
    recount: (changed) => void counters.recount(changed),
    unreadable: () => {},
  });
  const largeBodies = new LargeBodies();
  const gateway: Gateway = {
    clock,
    snapshot,
    counters: house.counters?.(counters) ?? counters,
    journal,
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    health: createDeploymentHealth(clock),
    secrets: createSecretChoice(clock, () => {}),
    load: createDeploymentLoad(clock),
    measures: createDeploymentMeasures(clock),
    pace: createDeploymentPace(),
    traffic,
    tracing: null,
    lines: { note: () => {}, usageImplausible: () => {} },
    largeBodies,
    decisions: { find: async () => null },
    answerCache: openAnswerCache(clock),
    sealContent: (_organization, _id, content) => Buffer.from(content),
    pseudonym: createPseudonyms(Buffer.alloc(32, 7)),
    mirrors: createCopyState(clock, (record) => void copies.push(record)),
    promptCacheKey: createPseudonyms(Buffer.alloc(32, 7), PROMPT_CACHE_KEYS),
    responses: memoryResponses(),
    conversations: memoryConversations(),
    files: noFiles,
    workloads: null,
    batches: null,
    agents: null,
    refused: (record) => journal.end(record),
    defect,
    requestId,
    random: () => 0.5,
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    settings: {
      attemptsMax: 4,
      stallMsMax: 60_000,
      contentBytesMax: 1_048_576,
      answerBytesMax: 2 ** 24,
    },
    ...house.gateway,
  };
  const [secret] = secrets as [string];
  return {
    gateway,
    counters,
    journal,
    journalDirectory: directory,
    secret,
    secrets,
    organization,
    keys,
    rows,
    copies,
    defects,
    upstreamCalls: () => calls,
    upstreamCalled,
    ask: (body, options = {}) => ask(gateway, options.secret === undefined ? secret : options.secret, body, options),
    change: async (to) => {
      now.organization = { ...now.organization, ...to.organization, version: now.organization.version + 1 };
      now.keys = now.keys.map((key, at) => (at === 0 ? { ...key, ...to.key } : key));
      now.targets = to.targets ?? now.targets;
      await snapshot.apply({ catalogue: to.targets !== undefined, organizationIds: ['org_1'], keyIds: ['key_1'] });
    },
    close: async () => {
      await largeBodies.close();
      await journal.close();
      rmSync(directory, { recursive: true, force: true });
      if (house.expectsDefects !== true && defects.length > 0) throw defects[0];
    },
  };
}

function tenant(house: House): { organization: OrganizationConfig; keys: KeyConfig[] } {
  const team: TeamConfig = {
    id: 'team_1',
    name: 'Team',
    status: 'active',
    ...NO_LIMITS,
    access: { mode: 'inherit' },
    ...house.team,
  };
  const organization: OrganizationConfig = {
    id: 'org_1',
    slug: 'acme',
    name: 'Acme',
    status: 'active',
    timeZone: 'UTC',
    ...NO_LIMITS,
    access: { mode: 'all' },
    auditContent: 'off',
    wrappedContentKey: null,
    version: 1,
    teams: new Map(
      [team, ...(house.moreTeams ?? []).map((more) => ({ ...team, ...NO_LIMITS, ...more }))].map((one) => [one.id, one]),
    ),
    members: new Map(house.member === undefined ? [] : [['mem_1', { ...MEMBER, ...house.member }]]),
    serviceAccounts: new Map([['svc_1', { id: 'svc_1', teamId: 'team_1', name: 'ci', status: 'active' as const }]]),
    ...house.organization,
  };
  const key: KeyConfig = {
    id: 'key_1',
    organizationId: 'org_1',
    teamId: 'team_1',
    name: 'app',
    owner: { is: 'service_account', serviceAccountId: 'svc_1' },
    status: { is: 'active' },
    expiresAtMs: null,
    ...NO_LIMITS,
    access: { mode: 'inherit' },
    version: 1,
    ...house.key,
  };
  const more = (house.moreKeys ?? []).map((one, at) => ({ ...key, id: `key_${at + 2}`, ...one }));
  return { organization, keys: [key, ...more] };
}

const MEMBER: MemberConfig = {
  id: 'mem_1',
  accountId: 'acct_1',
  status: 'active',
  ...NO_LIMITS,
  access: { mode: 'inherit' },
};

function ask(gateway: Gateway, secret: string | null, body: unknown, options: AskOptions): Promise<Said> {
  const bytes = options.raw ?? Buffer.from(JSON.stringify(body));
  const own = options.headers ?? [];
  const raw = own.includes('content-type') ? [...own] : ['content-type', 'application/json', ...own];
  if (secret !== null) raw.push('authorization', `Bearer ${secret}`);
  const request: GatewayRequest = {
    method: options.method ?? 'POST',
    path: options.path ?? '/v1/chat/completions',
    query: options.query ?? '',
    header: headerOf(raw),
    rawHeaders: raw,
    body: bytes,
    remoteAddress: '127.0.0.1',
    startedMs: systemClock.monotonicMs(),
  };
  return new Promise((resolve) => serveDataPlane(request, capture(options, resolve), gateway));
}

/** What node and the lane would refuse, and what other clients do. */
const PLAIN_HEADER = /^[\t\x20-\x7e]*$/;

function headerOf(raw: readonly string[]): (name: string) => string | undefined {
  return (name) => {
    for (let at = 0; at < raw.length; at += 2) if (raw[at]?.toLowerCase() === name) return raw[at + 1];
    return undefined;
  };
}

/** A client that reads everything, or hangs up where it is told. */
function capture(options: AskOptions, resolve: (said: Said) => void): Reply {
  let status = 0;
  let headers: Record<string, string> = {};
  const chunks: Buffer[] = [];
  let gone = false;
  let whenGone: () => void = () => {};
  const said = () => {
    const text = Buffer.concat(chunks).toString();
    resolve({ status, headers, text, json: () => JSON.parse(text) });
  };
  const hangUp = () => {
    gone = true;
    whenGone();
    // What the gateway does about it happens in later turns; a caller of `ask` looks afterwards.
    setTimeout(said, 20);
  };
  void options.hangUpWhen?.then(hangUp);
  return {
    head: (code, list) => {
      status = code;
      headers = {};
      for (const text of list) if (!PLAIN_HEADER.test(text)) throw new TypeError(`a header is not plain ASCII: ${text}`);
      for (let at = 0; at < list.length; at += 2) headers[(list[at] as string).toLowerCase()] = list[at + 1] as string;
    },
    chunk: (bytes) => {
      if (gone) return true;
      chunks.push(bytes);
      if (chunks.length === options.hangUpAfter) hangUp();
      return chunks.length < (options.unreadAfter ?? Number.POSITIVE_INFINITY);
    },
    end: (bytes) => {
      if (gone) return;
      if (bytes !== null) chunks.push(bytes);
      said();
    },
    destroy: () => hangUp(),
    get gone() {
      return gone;
    },
    onGone: (callback) => {
      whenGone = callback;
      if (gone) callback();
    },
    onDrained: () => {},
  };
}
