import type { Budget, BudgetPeriod } from '../../src/domain/limits/budget.ts';
import { type ModelLimit, RATE_LIMITS, type RateLimitName, type RateLimits } from '../../src/domain/limits/rate-limit.ts';
import type { CallableTarget, Catalogue, DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import type { KeyConfig, MemberConfig, OrganizationConfig, ScopePolicy, TeamConfig } from '../../src/domain/tenancy/tenancy.ts';
import { newKeySecret } from '../../src/lib/secrets.ts';
import type { ConfigChange } from '../../src/proxy/snapshot/snapshot.ts';
import type { Random } from './random.ts';

/** Tenants, their policies and what may be called, as the store would have them: random, and edited while in use. */
export interface World {
  readonly catalogue: Catalogue;
  readonly organizations: Map<string, OrganizationConfig>;
  readonly keys: Map<string, KeyConfig>;
  readonly keyIdBySecret: ReadonlyMap<string, string>;
  readonly versions: Map<string, number>;
  /** How to take back the last changes: what comes back must not go on from what it knew when it went. */
  readonly undo: (() => ConfigChange)[];
  /** Budgets that come and go: the same ones, so that what was used before they went must still count. */
  readonly budgets: readonly Budget[];
}

const ZONES = ['UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham', 'America/Santiago'] as const;
const MATCHES: readonly ModelLimit['match'][] = [
  { is: 'exact', name: 'alpha' },
  { is: 'prefix', prefix: 'alpha' },
  { is: 'access_group', key: 'beta' },
];
/** Small enough to be reached, with requests of some hundred tokens at some ten thousand nano-dollars. */
const VALUES: Readonly<Record<RateLimitName, readonly [min: number, max: number]>> = {
  rpm: [1, 20],
  tpm: [300, 6_000],
  rph: [5, 80],
  tph: [2_000, 40_000],
  rpd: [5, 200],
  tpd: [3_000, 90_000],
  max_parallel: [1, 8],
};

export function newWorld(random: Random): World {
  const secrets = new Map<string, string>();
  const world: World = {
    catalogue: newCatalogue(random),
    organizations: new Map(),
    keys: new Map(),
    keyIdBySecret: secrets,
    versions: new Map([['catalogue', 1]]),
    undo: [],
    budgets: Array.from({ length: 6 }, (_, i) => newBudget(random, i)),
  };
  for (let i = 1; i <= random.whole(1, 2); i++) addOrganization(world, random, `org_${i}`, secrets);
  return world;
}

/** Changes one policy, as an administrator would, or takes an earlier change back, and says what changed. */
export function edit(world: World, random: Random): ConfigChange {
  const undo =
    world.undo.length > 0 && random.chance(0.4) ? world.undo.splice(random.whole(0, world.undo.length - 1), 1)[0] : undefined;
  if (undo !== undefined) return undo();
  const organization = random.pick([...world.organizations.values()]);
  if (random.chance(0.6))
    return changeOrganization(world, organization.id, (before) => editedOrganization(before, world, random));
  const key = random.pick([...world.keys.values()].filter(({ organizationId }) => organizationId === organization.id));
  return changeKey(world, key.id, (before) => ({ ...before, ...edited(before, world, random) }));
}

function changeOrganization(world: World, id: string, change: (before: OrganizationConfig) => OrganizationConfig): ConfigChange {
  const before = world.organizations.get(id) as OrganizationConfig;
  world.organizations.set(id, { ...change(before), version: before.version + 1 });
  world.versions.set(id, (world.versions.get(id) as number) + 1);
  world.undo.push(() => changeOrganization(world, id, () => before));
  return { organizationIds: [id] };
}

function changeKey(world: World, id: string, change: (before: KeyConfig) => KeyConfig): ConfigChange {
  const before = world.keys.get(id) as KeyConfig;
  world.keys.set(id, { ...change(before), version: before.version + 1 });
  world.versions.set(before.organizationId, (world.versions.get(before.organizationId) as number) + 1);
  world.undo.push(() => changeKey(world, id, () => before));
  return { keyIds: [id] };
}

function editedOrganization(organization: OrganizationConfig, world: World, random: Random): OrganizationConfig {
  const team = random.pick([...organization.teams.values()]);
  const member = random.pick([...organization.members.values()]);
  return random.weighted([
    [4, () => ({ ...organization, ...edited(organization, world, random) })],
    [
      3,
      () => ({
        ...organization,
        teams: new Map([...organization.teams, [team.id, { ...team, ...edited(team, world, random) }]]),
      }),
    ],
    [
      2,
      () => ({
        ...organization,
        members: new Map([...organization.members, [member.id, { ...member, ...edited(member, world, random) }]]),
      }),
    ],
    [1, () => ({ ...organization, timeZone: random.pick(ZONES) })],
  ])();
}

function edited(policy: ScopePolicy, world: World, random: Random): ScopePolicy {
  const rateLimits: Partial<Record<RateLimitName, number>> = { ...policy.rateLimits };
  const limit = random.pick(RATE_LIMITS);
  if (rateLimits[limit] !== undefined && random.chance(0.5)) delete rateLimits[limit];
  else rateLimits[limit] = limitOf(limit, random);
  const budget = random.pick(world.budgets);
  const others = policy.budgets.filter(({ id }) => id !== budget.id);
  const isThere = others.length < policy.budgets.length;
  const budgets = random.weighted([
    [3, policy.budgets],
    [2, isThere ? others : [...others, budget]],
    [1, [...others, { ...budget, amountNanoUsd: amountOf(random) }]],
  ]);
  const modelLimits = random.chance(0.2) ? modelLimitsOf(random) : policy.modelLimits;
  return { rateLimits, modelLimits, budgets };
}

function newPolicy(world: World, random: Random): ScopePolicy {
  return {
    rateLimits: rateLimitsOf(random, 0.1),
    modelLimits: random.chance(0.3) ? modelLimitsOf(random) : [],
    budgets: world.budgets.filter(() => random.chance(0.12)),
  };
}

function rateLimitsOf(random: Random, probability: number): RateLimits {
  const limits: Partial<Record<RateLimitName, number>> = {};
  for (const limit of RATE_LIMITS) if (random.chance(probability)) limits[limit] = limitOf(limit, random);
  return limits;
}

function modelLimitsOf(random: Random): readonly ModelLimit[] {
  return MATCHES.filter(() => random.chance(0.4)).map((match) => ({ match, rateLimits: rateLimitsOf(random, 0.3) }));
}

function limitOf(limit: RateLimitName, random: Random): number {
  return random.chance(0.02) ? 0 : random.whole(...VALUES[limit]);
}

function amountOf(random: Random): number {
  return random.chance(0.02) ? 0 : random.whole(100_000, 6_000_000);
}

function newBudget(random: Random, index: number): Budget {
  const anchorDay = random.pick([1, 15, 31]);
  const period = random.pick<BudgetPeriod>([
    { is: 'day' },
    { is: 'week', anchorDay: random.whole(1, 7) },
    { is: 'month', anchorDay },
    { is: 'quarter', anchorMonth: random.whole(1, 3), anchorDay },
    { is: 'year', anchorMonth: random.whole(1, 12), anchorDay },
    { is: 'total' },
    { is: 'rolling', hours: random.pick([1, 6, 48]) },
  ]);
  return {
    id: `bud_${index}`,
    amountNanoUsd: amountOf(random),
    period,
    match: random.chance(0.6) ? { is: 'any' } : random.pick(MATCHES),
    thresholdsPercent: [50, 80, 100],
    action: random.chance(0.8) ? 'block' : 'alert',
    clampOutput: random.chance(0.3),
  };
}

function addOrganization(world: World, random: Random, id: string, secrets: Map<string, string>): void {
  const teamIds = [`${id}_team_1`, `${id}_team_2`];
  const memberIds = [`${id}_mem_1`, `${id}_mem_2`];
  const policy = () => newPolicy(world, random);
  const team = (teamId: string): TeamConfig => ({
    id: teamId,
    name: teamId,
    status: 'active',
    access: { mode: 'inherit' },
    ...policy(),
  });
  const member = (memberId: string): MemberConfig => ({
    id: memberId,
    accountId: `acct_${memberId}`,
    status: 'active',
    access: { mode: 'inherit' },
    ...policy(),
  });
  world.versions.set(id, 1);
  world.organizations.set(id, {
    id,
    slug: id,
    name: id,
    status: 'active',
    timeZone: random.pick(ZONES),
    access: { mode: 'all' },
    auditContent: 'off',
    wrappedContentKey: null,
    version: 1,
    teams: new Map(teamIds.map((teamId) => [teamId, team(teamId)])),
    members: new Map(memberIds.map((memberId) => [memberId, member(memberId)])),
    serviceAccounts: new Map(
      teamIds.map((teamId) => [`svc_${teamId}`, { id: `svc_${teamId}`, teamId, name: 'ci', status: 'active' }]),
    ),
    ...policy(),
  });
  for (let i = 1; i <= random.whole(2, 4); i++) {
    const teamId = random.pick(teamIds);
    const memberId = random.pick(memberIds);
    const key: KeyConfig = {
      id: `${id}_key_${i}`,
      organizationId: id,
      teamId,
      name: 'key',
      owner: random.chance(0.5)
        ? { is: 'member', memberId, accountId: `acct_${memberId}` }
        : { is: 'service_account', serviceAccountId: `svc_${teamId}` },
      status: { is: 'active' },
      expiresAtMs: null,
      access: { mode: 'inherit' },
      version: 1,
      ...policy(),
    };
    world.keys.set(key.id, key);
    secrets.set(
      newKeySecret((size) => random.bytes(size)),
      key.id,
    );
  }
}

function newCatalogue(random: Random): Catalogue {
  const beta = new Set(['beta']);
  const targets = [
    target('alpha', [deployment('dep_1', 1, random), deployment('dep_2', 3, random)], [], beta),
    target('alpha-mini', [deployment('dep_3', 1, random)], ['omega'], beta),
    target('omega', [deployment('dep_4', 2, random)], ['alpha'], new Set()),
  ];
  const accessGroups = new Map([['beta', new Set(['alpha', 'alpha-mini'])]]);
  return { version: 1, targets: new Map(targets.map((one) => [one.name, one])), accessGroups };
}

function target(
  name: string,
  deployments: readonly DeploymentConfig[],
  fallbacks: readonly string[],
  accessGroups: ReadonlySet<string>,
): CallableTarget {
  const members = deployments.map((one) => ({ deployment: one, weight: one.weight, priority: one.priority }));
  return { name, kind: 'model', mode: 'chat', strategy: 'priority', members, fallbacks, accessGroups };
}

function deployment(id: string, dearness: number, random: Random): DeploymentConfig {
  const perMillion = { input: dearness * 20_000_000, output: dearness * random.whole(80_000_000, 160_000_000) };
  return {
    id,
    model: id,
    provider: 'fake',
    upstreamModel: id,
    mode: 'chat',
    credential: null,
    prices: [{ id: `price_${id}`, effectiveFromMs: 0, perMillion }],
    limits: { rpm: null, tpm: null },
    weight: 1,
    priority: random.whole(0, 1),
    tags: [],
    maxOutputTokens: random.pick([64, 256, 400]),
    timeoutMs: 60_000,
    onHangup: random.pick([null, null, 'finish', 'stop']),
    outputCapField: random.pick([null, 'max_tokens', 'max_completion_tokens']),
    enabled: true,
  };
}
