/** Who is fuzzed, who calls beside it and must not notice, and whose stored rows are poisoned. */
import type { Gateway } from '../prove/gateway.ts';
import { type Key, makeCredential, makeKey, makeTenant, type Tenant } from '../prove/tenant.ts';
import { Random } from '../simulation/random.ts';
import type { Names } from './fuzz-case.ts';
import type { ProviderKind } from './hostile-answer.ts';
import { anyName, nameInAnyScript } from './hostile-names.ts';

export interface FuzzSite {
  readonly names: Names;
  readonly mutated: Tenant & { readonly keys: readonly Key[] };
  /** A key that is moved to and fro between two teams while its calls are in flight. */
  readonly mover: Key;
  readonly teams: readonly [string, string];
  readonly victim: Tenant & { readonly key: Key };
  readonly poisoned: Tenant & { readonly key: Key; readonly deploymentId: string; readonly credentialId: string };
  readonly credentials: Readonly<Record<ProviderKind, string>>;
  readonly groups: readonly [string, string];
}

/** Models with names of their own: what is held back and labelled otherwise, and what the others call. */
export const LABELLED = 'labelled';
export const PLAIN_MODEL = 'plain';
const POISONED_MODEL = 'poisoned';

const PRICES = { input_per_million: '0.01', output_per_million: '0.10' };
const WIDE = 9_000_000_000_000_000;
const LIMITS = { rpm: 1_000_000, rpd: 10_000_000, tpd: WIDE };
const BUDGET = { amount: '9000000.00', period: 'month' };

export async function furnish(gateway: Gateway, base: string, seed: number): Promise<FuzzSite> {
  const random = new Random(seed * 31 + 7);
  const credentials = {
    openai: await makeCredential(gateway, 'openai', `${base}/v1`),
    anthropic: await makeCredential(gateway, 'anthropic', base),
  };
  const names = emptyNames();
  const site = { names, credentials };
  for (const kind of ['openai', 'anthropic'] as const) {
    for (let i = 0; i < 6; i += 1) await addModel(gateway, site, kind, 'chat', nameInAnyScript(random));
  }
  for (const mode of ['embedding', 'completion'] as const)
    for (let i = 0; i < 2; i += 1) await addModel(gateway, site, 'openai', mode, nameInAnyScript(random));
  for (const name of ['通义千问', PLAIN_MODEL, LABELLED])
    await addModel(gateway, { credentials, names: emptyNames() }, 'openai', 'chat', name);
  const groups = ['at', 'after'] as const;
  for (const key of groups) await gateway.admin('POST', '/access-groups', { key });
  await gateway.admin('PUT', `/callable-targets/${LABELLED}/access-groups`, { access_groups: ['at'] });
  names.openai.push('通义千问');
  const policy = {
    rate_limits: LIMITS,
    model_limits: limitsOn(names),
    budgets: [BUDGET, ...groups.map((access_group) => ({ ...BUDGET, access_group }))],
  };
  const mutated = await makeTenant(gateway, policy, policy);
  const other = await gateway.admin<{ id: string }>('POST', `/organizations/${mutated.organizationId}/teams`, {
    name: '另一组',
    ...policy,
  });
  const simple = { rate_limits: LIMITS, budgets: [BUDGET] };
  const victim = await makeTenant(gateway, simple, simple);
  const poisoned = await makeTenant(gateway, simple, simple);
  return {
    names,
    credentials,
    groups,
    mutated: {
      ...mutated,
      keys: [await makeKey(gateway, mutated, policy), await makeKey(gateway, mutated, { name: 'клавиша' })],
    },
    mover: await makeKey(gateway, mutated, simple),
    teams: [mutated.teamId, other.id],
    victim: { ...victim, key: await makeKey(gateway, victim, simple) },
    poisoned: { ...poisoned, key: await makeKey(gateway, poisoned, simple), ...(await poisonedModel(gateway, base)) },
  };
}

function emptyNames(): Names {
  return { openai: [], anthropic: [], embedding: [], completion: [] };
}

async function poisonedModel(gateway: Gateway, base: string) {
  const credentialId = await makeCredential(gateway, 'openai', `${base}/v1`);
  const { id: deploymentId } = await gateway.admin<{ id: string }>('POST', '/deployments', {
    ...{
      model: POISONED_MODEL,
      provider: 'openai',
      upstream_model: 'm',
      mode: 'chat',
      prices: PRICES,
      credential_id: credentialId,
    },
  });
  return { credentialId, deploymentId };
}

/** Some limits on names, some on what they begin with: they stand in the headers of every answer. */
function limitsOn({ openai, anthropic }: Names): object[] {
  const limits = { rpm: 1_000_000, tpm: WIDE };
  const targets = new Set([...openai.slice(-3), ...anthropic.slice(-2), `${[...(openai[0] ?? 'x')][0]}*`]);
  return [...targets].map((target) => ({ target, rate_limits: limits }));
}

/** True where the name was taken; a name that is none must be refused with a reason. Throws on any other answer. */
export async function addModel(
  gateway: Gateway,
  { names, credentials }: Pick<FuzzSite, 'names' | 'credentials'>,
  kind: ProviderKind,
  mode: 'chat' | 'completion' | 'embedding',
  model: string,
): Promise<boolean> {
  const prices = mode !== 'embedding' ? PRICES : { input_per_million: PRICES.input_per_million };
  const body = {
    model,
    provider: kind,
    upstream_model: 'm',
    mode,
    prices,
    credential_id: credentials[kind],
    max_output_tokens: 4_096,
  };
  const { status, body: said } = await gateway.ask('POST', '/deployments', body);
  if (status === 201) names[mode === 'chat' ? kind : mode].push(model);
  else if (status !== 400 && status !== 409 && status !== 422)
    throw new Error(`a model named ${JSON.stringify(model)} is answered ${status} ${JSON.stringify(said).slice(0, 200)}`);
  return status === 201;
}

/** New names for a model, a team, a key and limits. Throws where one is neither taken nor refused with a reason. */
export async function renameThings(gateway: Gateway, site: FuzzSite, random: Random): Promise<void> {
  const { mutated, names, teams } = site;
  await addModel(gateway, site, random.pick(['openai', 'anthropic'] as const), 'chat', anyName(random));
  const changes: readonly (readonly [string, object])[] = [
    [`/teams/${teams[1]}`, { name: anyName(random) }],
    [`/keys/${(mutated.keys[1] as Key).id}`, { name: anyName(random) }],
    [`/organizations/${mutated.organizationId}`, { name: anyName(random), model_limits: limitsOn(names) }],
    [`/teams/${teams[0]}`, { model_limits: [{ target: anyName(random), rate_limits: { rpm: 1_000_000 } }] }],
  ];
  for (const [place, body] of changes) {
    const { status, body: said } = await gateway.ask('PATCH', place, body);
    if (status >= 500 || status < 200 || (status > 299 && status < 400))
      throw new Error(
        `${place} ${JSON.stringify(body).slice(0, 200)} is answered ${status} ${JSON.stringify(said).slice(0, 200)}`,
      );
  }
}
