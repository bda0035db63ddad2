// Access over HTTP: every grant of an organization × what team, user and key keep of it. What may be called is worked out here by set arithmetic.
import { chat, inParallel, listedModels, type Said } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type SmallProvider, startSmallProvider } from './small-provider.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const AT_ONCE = 8;
const UNKNOWN = 'no-such-model';
const NAMES = ['plain', 'grouped', 'other', 'member', 'bundle'] as const;
type Name = (typeof NAMES)[number];

interface Selection {
  readonly targets: readonly Name[];
  readonly access_groups: readonly string[];
}

interface Grant {
  readonly name: string;
  readonly body: object;
  readonly gives: readonly Name[];
}

const aTarget: Grant = { name: 'a target', body: { mode: 'selected', targets: ['plain'] }, gives: ['plain'] };

/** The ways of granting. `beta` holds `grouped`; `void` holds nothing; `bundle` is a route group over the deployment of `member`. */
const grants: readonly Grant[] = [
  { name: 'nothing', body: { mode: 'selected' }, gives: [] },
  { name: 'all', body: { mode: 'all' }, gives: NAMES },
  aTarget,
  { name: 'an empty group', body: { mode: 'selected', access_groups: ['void'] }, gives: [] },
  { name: 'a group', body: { mode: 'selected', access_groups: ['beta'] }, gives: ['grouped'] },
  { name: 'a route group', body: { mode: 'selected', targets: ['bundle'] }, gives: ['bundle'] },
];

const nothing: Selection = { targets: [], access_groups: [] };

/** What each level keeps where it keeps something: each leaves out another name, so that each can be the one that removes. */
const kept: Readonly<Record<Level, Selection>> = {
  team: { targets: ['plain', 'member', 'bundle'], access_groups: ['beta'] },
  user: { targets: ['plain', 'other', 'bundle'], access_groups: ['beta'] },
  key: { targets: ['plain', 'other', 'member'], access_groups: [] },
};

type Level = 'team' | 'user' | 'key';
type Choice = 'inherit' | 'keeps some' | 'keeps nothing';

interface Place {
  readonly team: Choice;
  /** Null: a service account owns the key. */
  readonly user: Choice | null;
  readonly key: Choice;
}

interface PlacedKey extends Key {
  readonly place: Place;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const provider = await startSmallProvider();
  const gateway = await startGateway();
  try {
    await makeCatalogue(gateway, provider);
    const tenant = await makeTenant(gateway);
    const keys = await makeKeys(gateway, tenant, quick ? ['inherit', 'keeps some'] : ['inherit', 'keeps some', 'keeps nothing']);
    const checks: ProveResult[] = [];
    for (const grant of grants) checks.push(await underGrant(gateway, provider, tenant, keys, grant));
    checks.push(await outsideParent(gateway, tenant));
    return allOf(checks);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

async function makeCatalogue(gateway: Gateway, provider: SmallProvider): Promise<void> {
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  const model = (name: string) =>
    makeModel(gateway, { model: name, provider: 'openai', upstreamModel: `up-${name}`, credentialId });
  for (const name of ['plain', 'grouped', 'other']) await model(name);
  const members = [{ deployment_id: await model('member'), weight: 1, priority: 0 }];
  await gateway.admin('POST', '/route-groups', { key: 'bundle', strategy: 'weighted', members, fallbacks: [] });
  await gateway.admin('PUT', '/callable-targets/grouped/access-groups', { access_groups: ['beta'] });
}

/** One key for each place of the tree. Choices are made while the organization holds everything, widest level last, and narrowed above later. */
async function makeKeys(gateway: Gateway, tenant: Tenant, choices: readonly Choice[]): Promise<PlacedKey[]> {
  const owners: { user: Choice; accountId: string; memberId: string }[] = [];
  for (const user of choices) owners.push({ user, ...(await makeMember(gateway, tenant, user)) });
  const keys: PlacedKey[] = [];
  for (const team of choices) {
    const { id: teamId } = await gateway.admin<{ id: string }>('POST', `/organizations/${tenant.organizationId}/teams`, {
      name: team,
    });
    for (const owner of owners)
      await gateway.admin('POST', `/teams/${teamId}/members`, { account_id: owner.accountId, role: 'team_developer' });
    for (const owner of [null, ...owners]) {
      for (const key of choices) {
        const settings = {
          asset_access: chosen('key', key),
          ...(owner === null ? {} : { owner: { account_id: owner.accountId } }),
        };
        const made = await makeKey(gateway, { ...tenant, teamId }, settings);
        keys.push({ ...made, place: { team, user: owner?.user ?? null, key } });
      }
    }
    await gateway.admin('PATCH', `/teams/${teamId}`, { asset_access: chosen('team', team) });
  }
  for (const { user, memberId } of owners) {
    const asset_access = chosen('user', user);
    await gateway.admin('PATCH', `/organizations/${tenant.organizationId}/members/${memberId}`, { asset_access });
  }
  return keys;
}

async function makeMember(gateway: Gateway, { organizationId }: Tenant, name: string) {
  const email = `${name.replaceAll(' ', '-')}@prove.test`;
  const account = await gateway.admin<{ id: string }>('POST', '/accounts', { email, name });
  const body = { account_id: account.id, role: 'org_member' };
  const member = await gateway.admin<{ id: string }>('POST', `/organizations/${organizationId}/members`, body);
  return { accountId: account.id, memberId: member.id };
}

function chosen(level: Level, choice: Choice): object {
  if (choice === 'inherit') return { mode: 'inherit' };
  return { mode: 'restrict', ...(choice === 'keeps some' ? kept[level] : nothing) };
}

/** What the caller must be told of a name: the status, and which level says no. */
type Expected = { readonly status: 200 } | { readonly status: 403; readonly level: Level } | { readonly status: 404 };

function expected(grant: Grant, place: Place, name: string): Expected {
  if (!(grant.gives as readonly string[]).includes(name)) return { status: 404 };
  for (const level of ['team', 'user', 'key'] as const) {
    const choice = place[level];
    if (choice === null || choice === 'inherit') continue;
    const keeps = choice === 'keeps some' && keepsName(kept[level], name);
    if (!keeps) return { status: 403, level };
  }
  return { status: 200 };
}

function keepsName({ targets, access_groups }: Selection, name: string): boolean {
  return (targets as readonly string[]).includes(name) || (name === 'grouped' && access_groups.includes('beta'));
}

async function underGrant(
  gateway: Gateway,
  provider: SmallProvider,
  { organizationId }: Tenant,
  keys: readonly PlacedKey[],
  grant: Grant,
): Promise<ProveResult> {
  await gateway.admin('PUT', `/organizations/${organizationId}/asset-access`, grant.body);
  const callsBefore = provider.calls.length;
  const asked = keys.flatMap((key) => [...NAMES, UNKNOWN].map((name) => ({ key, name })));
  const said = await inParallel(asked, AT_ONCE, ({ key, name }) => chat(gateway, key.secret, name));
  const wrong = asked.flatMap(({ key, name }, at) => problemsOf(expected(grant, key.place, name), said[at] as Said, name, key));
  wrong.push(...(await inParallel(keys, AT_ONCE, (key) => listProblems(gateway, grant, key))).flat());
  const passed = said.filter(({ status }) => status === 200).length;
  const upstream = provider.calls.length - callsBefore;
  const figure = `${grant.name}: ${asked.length} calls, ${passed} allowed, ${asked.length - passed} refused, upstream calls ${upstream}, lists ${keys.length}, wrong ${wrong.length}`;
  return {
    holds: wrong.length === 0 && upstream === passed,
    figure,
    details: wrong.slice(0, 20).map((line) => `${grant.name}: ${line}`),
  };
}

function problemsOf(want: Expected, said: Said, name: string, { place }: PlacedKey): string[] {
  const where = `${JSON.stringify(place)} ${name}`;
  if (said.status !== want.status) return [`${where}: ${said.status} instead of ${want.status}: ${said.text.slice(0, 200)}`];
  if (want.status === 200) return [];
  const { code, param, message } = said.error ?? { code: null, param: null, message: '' };
  if (want.status === 404) {
    // Whether the name exists must not show: the answer is the one an unknown name gets.
    const isPlain = code === 'model_not_found' && message.replace(name, '') === NOT_FOUND && param === 'model';
    return isPlain ? [] : [`${where}: ${said.text}`];
  }
  const namesLevel = param === `${want.level}_access` && message.includes(`but not to ${WHO[want.level]}. `);
  return code === 'model_not_allowed' && namesLevel ? [] : [`${where}: must name ${want.level}: ${said.text}`];
}

const NOT_FOUND =
  'The model `` does not exist or is not granted to your organization. GET /v1/models lists the models that this key may call.';
/** How a message names the level that says no. */
const WHO: Readonly<Record<Level, string>> = {
  team: 'the team of this API key',
  user: 'the user of this API key',
  key: 'this API key',
};

interface Explained {
  readonly data: readonly { readonly target: string; readonly allowed: boolean; readonly removed_by: string | null }[];
}

/** The list of models, the explanation, and the expectation are one set; what was removed is explained by the level that removed it. */
async function listProblems(gateway: Gateway, grant: Grant, key: PlacedKey): Promise<string[]> {
  const want = NAMES.filter((name) => expected(grant, key.place, name).status === 200).sort();
  const listed = (await listedModels(gateway, key.secret)).sort();
  const { data } = await gateway.admin<Explained>('GET', `/access/explain?key_id=${key.id}`);
  const explained = data.filter(({ allowed }) => allowed).map(({ target }) => target);
  const removed = data.filter(({ allowed }) => !allowed).map(({ target, removed_by }) => `${target} by ${removed_by}`);
  const wantRemoved = NAMES.flatMap((name) => {
    const want = expected(grant, key.place, name);
    return want.status === 403 ? [`${name} by ${want.level}`] : [];
  });
  const where = JSON.stringify(key.place);
  return [
    ...differs(`${where} /v1/models`, listed, want),
    ...differs(`${where} explain`, explained.sort(), want),
    ...differs(`${where} removed`, removed.sort(), wantRemoved.sort()),
  ];
}

function differs(what: string, got: readonly string[], want: readonly string[]): string[] {
  return got.join() === want.join() ? [] : [`${what}: [${got.join()}] instead of [${want.join()}]`];
}

/** A choice outside the parent's set is refused, and the answer names it. */
async function outsideParent(gateway: Gateway, tenant: Tenant): Promise<ProveResult> {
  await gateway.admin('PUT', `/organizations/${tenant.organizationId}/asset-access`, aTarget.body);
  const choose = async (asset_access: object) => {
    const answer = await gateway.ask('POST', '/keys', { team_id: tenant.teamId, name: 'outside', asset_access });
    return `${answer.status} ${JSON.stringify(answer.body)}`;
  };
  const target = await choose({ mode: 'restrict', targets: ['other'] });
  const group = await choose({ mode: 'restrict', access_groups: ['beta'] });
  const holds = target.startsWith('400') && target.includes('other') && group.startsWith('400') && group.includes('beta');
  return {
    holds,
    figure: `choosing outside the parent: ${target.slice(0, 3)}, ${group.slice(0, 3)}, naming it`,
    details: [target, group],
  };
}
