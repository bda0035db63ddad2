/** A small installation of its own for one action: two organizations, three teams, people and keys, and what each key can call. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chat } from './data-plane.ts';
import type { Gateway } from './gateway.ts';
import { type Person, signedUp } from './signed-up.ts';
import { makeModel, makeTenant, type Tenant } from './tenant.ts';

export interface PreviewKey {
  readonly id: string;
  readonly secret: string;
}

export interface World {
  readonly gateway: Gateway;
  /** Ends the names of what belongs to this world alone. */
  readonly n: number;
  readonly tenant: Tenant;
  /** A second team of the same organization, which may call only `alpha`. */
  readonly narrowTeamId: string;
  readonly keys: Readonly<Record<'plain' | 'narrow' | 'own' | 'elsewhere', PreviewKey>>;
  /** Somebody with a role in the organization, and a key of their own in the first team. */
  readonly person: Person;
  readonly serviceAccountId: string;
  /** Deployments of the models `alpha` and `beta`; `beta` has the label `group`. */
  readonly deployments: Readonly<Record<'alpha' | 'beta', string>>;
  /** A route group over `alpha` alone. */
  readonly routeGroupId: string;
  /** The name in this world of a target, or of a group: `beta-3`. */
  nameOf(word: string): string;
}

const TARGETS = ['alpha', 'beta', 'routed'] as const;

let worlds = 0;

export async function openWorld(gateway: Gateway): Promise<World> {
  worlds += 1;
  const n = worlds;
  const nameOf = (target: string) => `${target}-${n}`;
  const model = (name: string) => makeModel(gateway, { model: nameOf(name), provider: 'fake', upstreamModel: 'fake-small' });
  const deployments = { alpha: await model('alpha'), beta: await model('beta') };
  const members = [{ deployment_id: deployments.alpha, weight: 1, priority: 0 }];
  const group = await gateway.admin<{ id: string }>('POST', '/route-groups', { key: nameOf('routed'), members });
  await gateway.admin('PUT', `/callable-targets/${nameOf('beta')}/access-groups`, { access_groups: [nameOf('group')] });
  const granted = { mode: 'selected', targets: [nameOf('alpha'), nameOf('routed')], access_groups: [nameOf('group')] };
  const tenant = await makeTenant(gateway, { asset_access: granted });
  const narrow = await gateway.admin<{ id: string }>('POST', `/organizations/${tenant.organizationId}/teams`, {
    name: 'Narrow',
    asset_access: { mode: 'restrict', targets: [nameOf('alpha')] },
  });
  const other = await makeTenant(gateway, { asset_access: { mode: 'selected', access_groups: [nameOf('group')] } });
  const person = await signedUp(gateway, tenant.organizationId, 'org_admin');
  await gateway.admin('POST', `/teams/${tenant.teamId}/members`, { account_id: person.accountId, role: 'team_admin' });
  const account = await gateway.admin<{ id: string }>('POST', `/teams/${tenant.teamId}/service-accounts`, { name: 'Machine' });
  const key = (team_id: string, settings: object = {}) =>
    gateway.admin<PreviewKey & Record<string, unknown>>('POST', '/keys', { team_id, name: 'key', ...settings });
  return {
    gateway,
    n,
    tenant,
    narrowTeamId: narrow.id,
    person,
    serviceAccountId: account.id,
    deployments,
    routeGroupId: group.id,
    nameOf,
    keys: {
      plain: await key(tenant.teamId, { owner: { service_account_id: account.id } }),
      narrow: await key(narrow.id),
      own: await key(tenant.teamId, { owner: { account_id: person.accountId } }),
      elsewhere: await key(other.teamId),
    },
  };
}

/** What is so at one moment, as real calls say: what each key can call, what the person may do, and which limits there are. */
export interface Seen {
  /** `plain alpha`, for each key and target that is answered. */
  readonly served: ReadonlySet<string>;
  /** The names of the keys that may list their models. */
  readonly working: ReadonlySet<string>;
  /** The names of the keys that exist and are not revoked. */
  readonly living: ReadonlySet<string>;
  /** What the person may do in the organization, and in the first team. */
  readonly permissions: Readonly<Record<'organization' | 'team', readonly string[]>>;
  /** Whether the person reads their organization. */
  readonly isIn: boolean;
  readonly limits: number;
}

export async function look(world: World): Promise<Seen> {
  const { gateway, keys, nameOf, person, tenant } = world;
  const served = new Set<string>();
  const working = new Set<string>();
  const living = new Set<string>();
  for (const [name, { id, secret }] of Object.entries(keys)) {
    const key = await gateway.ask<{ status?: string }>('GET', `/keys/${id}`);
    if (key.status === 200 && key.body.status !== 'revoked') living.add(name);
    if (await isAnswered(() => listModels(gateway, secret))) working.add(name);
    for (const target of TARGETS) {
      if (await isAnswered(() => chat(gateway, secret, nameOf(target)))) served.add(`${name} ${target}`);
    }
  }
  const organization = await gateway.ask<Limited>('GET', `/organizations/${tenant.organizationId}`);
  const { budgets = [], rate_limits = {} } = organization.body ?? {};
  const read = async (path: string) => {
    const { status, body } = await person.say('GET', path);
    return status === 200 ? (body as { readonly capabilities: readonly string[] }).capabilities : null;
  };
  const there = await read(`/organizations/${tenant.organizationId}`);
  return {
    served,
    working,
    living,
    permissions: { organization: there ?? [], team: (await read(`/teams/${tenant.teamId}`)) ?? [] },
    isIn: there !== null,
    limits: budgets.length + Object.values(rate_limits).filter((limit) => limit !== null).length,
  };
}

const TRIES = 3;
const PAUSE_MS = 200;

/** Reports whether a call is answered. Asks again before it says no: a machine that is busy refuses some calls for a moment. */
async function isAnswered(call: () => Promise<{ readonly status: number }>): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    if ((await call()).status === 200) return true;
    if (tries === TRIES) return false;
    await sleep(PAUSE_MS);
  }
}

async function listModels(gateway: Gateway, secret: string) {
  const response = await fetch(`${gateway.base}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
  await response.arrayBuffer();
  return response;
}

interface Limited {
  readonly budgets?: readonly unknown[];
  readonly rate_limits?: Readonly<Record<string, number | null>>;
}
