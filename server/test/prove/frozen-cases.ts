/** What is changed while a request is in flight, each change on a tenant and a model of its own. */
import type { Gateway } from './gateway.ts';
import { type Key, makeKey, makeModel, makeTenant } from './tenant.ts';

export interface FrozenCase {
  readonly name: string;
  readonly stream: boolean;
  readonly model: string;
  readonly organizationId: string;
  /** The team that admits, and another one. */
  readonly teams: readonly [string, string];
  readonly key: Key;
  /** The access groups that the model has, and has after it was labelled otherwise. */
  readonly groups: { readonly at: string; readonly after: string };
  readonly deploymentId: string;
  readonly change: FrozenChange;
}

export interface FrozenChange {
  readonly name: string;
  /** The access group the model has afterwards. */
  readonly group: 'same' | 'other';
  apply(gateway: Gateway, of: FrozenCase): Promise<unknown>;
}

/** Wide enough for everything: what is proved is what they count. */
const LIMITS = { rph: 1_000, tph: 1_000_000, rpd: 10_000, tpd: 10_000_000 };
const DAYS = { rpd: 9_000, tpd: 9_000_000 };
const BUDGET = { amount: '100.00', period: 'month' };

/** Limits and budgets of everything, of the one model, of its prefix, and of both access groups. */
function policyFor({ model, groups }: Pick<FrozenCase, 'model' | 'groups'>) {
  return {
    rate_limits: LIMITS,
    model_limits: [
      { target: model, rate_limits: LIMITS },
      { target: `${model.slice(0, -1)}*`, rate_limits: DAYS },
      { access_group: groups.at, rate_limits: LIMITS },
      { access_group: groups.after, rate_limits: LIMITS },
    ],
    budgets: [
      BUDGET,
      { ...BUDGET, amount: '90.00', access_group: groups.at },
      { ...BUDGET, amount: '90.00', access_group: groups.after },
      { amount: '80.00', period: 'rolling', hours: 24 },
    ],
  };
}

const CHANGES: readonly FrozenChange[] = [
  {
    name: 'key moved',
    group: 'same',
    apply: (gateway, { key, teams }) => gateway.admin('PATCH', `/keys/${key.id}`, { team_id: teams[1] }),
  },
  {
    name: 're-priced',
    group: 'same',
    apply: (gateway, { deploymentId }) =>
      gateway.admin('POST', '/prices', {
        deployment_id: deploymentId,
        prices: { input_per_million: '70.00', output_per_million: '900.00' },
      }),
  },
  {
    name: 'limit changed',
    group: 'same',
    apply: async (gateway, { organizationId, teams, key, model }) => {
      const rate_limits = { ...LIMITS, rpd: 7, tpd: 7_000_000, tph: 9_000 };
      await gateway.admin('PATCH', `/organizations/${organizationId}`, { rate_limits });
      await gateway.admin('PATCH', `/teams/${teams[0]}`, {
        rate_limits,
        model_limits: [{ target: model, rate_limits: { rpd: 6 } }],
      });
      await gateway.admin('PATCH', `/keys/${key.id}`, { rate_limits: { tpd: 5_000 }, model_limits: [] });
    },
  },
  {
    name: 'organization suspended',
    group: 'same',
    apply: (gateway, { organizationId }) => gateway.admin('POST', `/organizations/${organizationId}/suspend`, {}),
  },
  {
    name: 'budget added',
    group: 'same',
    apply: async (gateway, { organizationId, teams, key, model, groups }) => {
      const budgets = [
        { amount: '60.00', period: 'day' },
        { amount: '60.00', period: 'total' },
        { amount: '60.00', period: 'week', target: model },
        { amount: '60.00', period: 'rolling', hours: 2 },
        { amount: '60.00', period: 'day', access_group: groups.at },
      ];
      for (const place of [`/organizations/${organizationId}`, `/teams/${teams[0]}`, `/teams/${teams[1]}`, `/keys/${key.id}`])
        await gateway.admin('PATCH', place, { budgets });
    },
  },
  {
    name: 'model re-labelled',
    group: 'other',
    apply: (gateway, { model, groups }) =>
      gateway.admin('PUT', `/callable-targets/${model}/access-groups`, { access_groups: [groups.after] }),
  },
];

let made = 0;

/** Every change, once for a whole answer and once for a stream. */
export async function makeCases(gateway: Gateway, credentialId: string): Promise<readonly FrozenCase[]> {
  const cases: FrozenCase[] = [];
  for (const change of CHANGES) {
    for (const stream of [false, true]) cases.push(await makeCase(gateway, credentialId, change, stream));
  }
  return cases;
}

async function makeCase(gateway: Gateway, credentialId: string, change: FrozenChange, stream: boolean): Promise<FrozenCase> {
  made += 1;
  const model = `frozen-${made}-x`;
  const groups = { at: `at-${made}`, after: `after-${made}` };
  for (const key of [groups.at, groups.after]) await gateway.admin('POST', '/access-groups', { key });
  const deploymentId = await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId });
  await gateway.admin('PUT', `/callable-targets/${model}/access-groups`, { access_groups: [groups.at] });
  const policy = policyFor({ model, groups });
  const tenant = await makeTenant(gateway, policy, policy);
  const other = await gateway.admin<{ id: string }>('POST', `/organizations/${tenant.organizationId}/teams`, {
    name: `Other ${made}`,
    ...policy,
  });
  const key = await makeKey(gateway, tenant, policy);
  return {
    name: `${change.name}, ${stream ? 'SSE' : 'JSON'}`,
    ...{ stream, model, groups, deploymentId, change, key },
    organizationId: tenant.organizationId,
    teams: [tenant.teamId, other.id],
  };
}
