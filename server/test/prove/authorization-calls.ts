/**
 * The calls of the matrix: one of every kind, of a place, with a fresh object where the call uses it up. Whatever is made here is in order, so
 * that the only possible refusal is who makes the call.
 */
import type { PlaceName, RoleName } from './authorization-table.ts';
import type { World } from './authorization-world.ts';

/** What a row is asked with. The path and body are of this place; a fresh object is made where the call uses it up. */
export interface Asking {
  readonly world: World;
  readonly place: PlaceName;
  readonly role: RoleName;
}

export type Made = string | { readonly path: string; readonly body?: unknown };

/** A call as a row may give it: without a body the path alone. */
export const made = (path: string, body?: unknown): Made => (body === undefined ? path : { path, body });

/** Always the same call. */
export const at = (path: string, body?: unknown) => () => made(path, body);

/** What lies at or below the place's organization, and its team. */
export const organization = (below = '', body?: unknown) => {
  return ({ world, place }: Asking): Made => made(`/organizations/${world.organizationId(place)}${below}`, body);
};
export const team = (below = '', body?: unknown) => {
  return ({ world, place }: Asking): Made => made(`/teams/${world.teamId(place)}${below}`, body);
};

/** Where nobody listens: asked and refused at once. */
export const NOBODY = 'http://127.0.0.1:9/v1';

export function renamed({ world, place }: Asking): Made {
  return made(`/organizations/${world.organizationId(place)}`, { name: world.fresh() });
}

export function narrowedTeam({ world, place }: Asking): Made {
  return made(`/teams/${world.teamId(place)}`, { asset_access: { mode: 'restrict', targets: [world.model], access_groups: [] } });
}

export function ownKey({ world, place, role }: Asking): Made {
  const isDeveloper = role.startsWith('team_') && place === 'own';
  const owner = isDeveloper ? { owner: { account_id: world.people[role].accountId } } : {};
  return made('/keys', { team_id: world.teamId(place), name: 'own', ...owner });
}

/** An organization that is used up by the call, with this role in it where the role is one of the place's. */
export async function throwAway({ world, place, role }: Asking, before: string | null, below: string): Promise<Made> {
  const slug = world.fresh();
  const { id } = await world.root('POST', '/organizations', { slug, name: slug });
  if (place === 'own' && !role.startsWith('platform_')) await join(world, id, role);
  if (before !== null) await world.root('POST', `/organizations/${id}/${before}`);
  return made(`/organizations/${id}${below}`);
}

async function join(world: World, organizationId: string, role: RoleName): Promise<void> {
  const account_id = world.people[role].accountId;
  if (!role.startsWith('team_'))
    return void (await world.root('POST', `/organizations/${organizationId}/members`, { account_id, role }));
  const { id } = await world.root('POST', `/organizations/${organizationId}/teams`, { name: 'Team' });
  await world.root('POST', `/teams/${id}/members`, { account_id, role });
}

/** Somebody whose address is proved, so that any organization may admit them. */
export async function newAccount(world: World): Promise<string> {
  const id = await unprovedAccount(world);
  await world.root('POST', `/accounts/${id}/vouch`, { reason: 'made by this table' });
  return id;
}

export async function unprovedAccount(world: World): Promise<string> {
  return (await world.root('POST', '/accounts', { email: `${world.fresh()}@headgate.test`, name: 'Somebody' })).id;
}

/** Somebody of another organization, whose people the caller manages too if their role lets them. */
export async function accountInReach({ world, place, role }: Asking): Promise<string> {
  const slug = world.fresh();
  const { id } = await world.root('POST', '/organizations', { slug, name: slug });
  if (place === 'own' && role.startsWith('org_')) await join(world, id, role);
  const accountId = await newAccount(world);
  await world.root('POST', `/organizations/${id}/members`, { account_id: accountId, role: 'org_member' });
  return accountId;
}

export function newcomer({ world, place }: Asking, accountId: string): Made {
  return made(`/organizations/${world.organizationId(place)}/members`, { account_id: accountId, role: 'org_member' });
}

export async function newMember({ world, place }: Asking): Promise<{ accountId: string; memberId: string }> {
  const accountId = await newAccount(world);
  const body = { account_id: accountId, role: 'org_member' };
  return { accountId, memberId: (await world.root('POST', `/organizations/${world.organizationId(place)}/members`, body)).id };
}

export async function newTeamMember(asking: Asking): Promise<{ memberId: string }> {
  const { accountId, memberId } = await newMember(asking);
  const body = { account_id: accountId, role: 'team_viewer' };
  await asking.world.root('POST', `/teams/${asking.world.teamId(asking.place)}/members`, body);
  return { memberId };
}

export async function memberPath(asking: Asking, below: string): Promise<string> {
  const { memberId } = await newMember(asking);
  return `/organizations/${asking.world.organizationId(asking.place)}/members/${memberId}${below}`;
}

/** Of the person who is in the place's team. */
export function colleaguePath({ world, place }: Asking): string {
  const { organizationId, memberId } = world.markers[place];
  return `/organizations/${organizationId}/members/${memberId}`;
}

export async function serviceAccountPath({ world, place }: Asking): Promise<string> {
  return `/service-accounts/${(await world.root('POST', `/teams/${world.teamId(place)}/service-accounts`, { name: world.fresh() })).id}`;
}

export async function keyPath({ world, place }: Asking, below: string): Promise<string> {
  return `/keys/${(await world.root('POST', '/keys', { team_id: world.teamId(place), name: world.fresh() })).id}${below}`;
}

export function tokenBody(world: World, place: PlaceName) {
  return { name: world.fresh(), role: 'org_member', organization_id: world.organizationId(place) };
}

export async function tokenPath({ world, place }: Asking): Promise<string> {
  return `/admin-tokens/${(await world.root('POST', '/admin-tokens', tokenBody(world, place))).id}`;
}

/** A service account's token, to be taken over for another member. */
export async function machineToken(asking: Asking): Promise<Made> {
  const { world, place } = asking;
  const [first, second] = [await newMember(asking), await newMember(asking)];
  const at = `/organizations/${world.organizationId(place)}/service-accounts`;
  const { id } = await world.root('POST', at, { name: world.fresh(), responsible_account_id: first.accountId });
  const token = await world.root('POST', '/admin-tokens', { ...tokenBody(world, place), service_account_id: id });
  return made(`/admin-tokens/${token.id}/take-over`, { responsible_account_id: second.accountId });
}

export function ofOrganization(path: string) {
  return ({ world, place }: Asking) => `${path}?organization_id=${world.organizationId(place)}`;
}

/** Who in the place's organization can call the model; of one level, because a page holds at most 200. */
export function targetPath(level: 'teams' | 'members' | 'keys') {
  return ({ world, place }: Asking) =>
    `/access/explain?target=${world.model}&level=${level}&limit=200&organization_id=${world.organizationId(place)}`;
}

export function credentialBody(world: World) {
  return { name: world.fresh(), provider: 'openai', api_key: 'sk-upstream', base_url: NOBODY };
}

export function invitationBody(world: World, place: PlaceName) {
  return { email: `${world.fresh()}@headgate.test`, organization_id: world.organizationId(place), role: 'org_member' };
}

export async function invitationPath({ world, place }: Asking, below: string): Promise<string> {
  return `/invitations/${(await world.root('POST', '/invitations', invitationBody(world, place))).id}${below}`;
}

export function namesPath({ everywhere }: World): string {
  return `/names?ids=${everywhere.map(({ markers }) => markers.keyId).join(',')}`;
}

export async function credentialPath(world: World): Promise<string> {
  return `/credentials/${(await world.root('POST', '/credentials', credentialBody(world))).id}`;
}

export function presetBody(world: World) {
  const id = world
    .fresh()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-');
  return { id, name: id, base_url: NOBODY, auth: 'bearer', wires: { 'openai-chat': '/chat/completions' } };
}

export async function presetPath(world: World): Promise<string> {
  return `/presets/${(await world.root('POST', '/presets', presetBody(world))).id}`;
}

export function deploymentBody(world: World) {
  return { model: world.fresh(), provider: 'fake', upstream_model: 'fake-small', mode: 'chat' };
}

export async function deploymentPath(world: World, below: string): Promise<string> {
  return `/deployments/${(await world.root('POST', '/deployments', deploymentBody(world))).id}${below}`;
}

export async function routeGroupPath(world: World, below: string): Promise<string> {
  return `/route-groups/${(await world.root('POST', '/route-groups', { key: world.fresh(), members: [] })).id}${below}`;
}

export async function accessGroupPath(world: World): Promise<string> {
  const key = world.fresh();
  await world.root('POST', '/access-groups', { key, name: key });
  return `/access-groups/${key}`;
}

export function webhookBody(world: World, place: PlaceName) {
  const organization_id = world.organizationId(place);
  return { name: world.fresh(), url: 'https://nobody.invalid/headgate', events: ['budget.threshold'], organization_id };
}

export async function webhookPath({ world, place }: Asking, below: string): Promise<string> {
  return `/webhooks/${(await world.root('POST', '/webhooks', webhookBody(world, place))).id}${below}`;
}

/** A credential that the place's organization brings. */
export async function ownCredentialPath({ world, place }: Asking, below: string): Promise<string> {
  const at = `/organizations/${world.organizationId(place)}/own-credentials`;
  await makeRoomForOwn(world, `/organizations/${world.organizationId(place)}`);
  return `/own-credentials/${(await world.root('POST', at, ownCredentialBody(world))).id}${below}`;
}

export function ownCredentialBody(world: World) {
  return { name: world.fresh(), provider: 'openai', api_key: 'sk-own', base_url: 'https://nobody.invalid/v1' };
}

/** A deployment that the place's organization brings, and the credential that it needs. */
export async function ownDeploymentPath(asking: Asking, below: string): Promise<string> {
  const { world, place } = asking;
  const at = `/organizations/${world.organizationId(place)}/own-deployments`;
  return `/own-deployments/${(await world.root('POST', at, await ownDeploymentBody(asking))).id}${below}`;
}

export async function ownDeploymentBody(asking: Asking) {
  const credential_id = (await ownCredentialPath(asking, '')).replace('/own-credentials/', '');
  return { model: asking.world.model, provider: 'openai', upstream_model: asking.world.fresh(), credential_id };
}

export async function templatePath(world: World): Promise<string> {
  return `/organization-templates/${(await world.root('POST', '/organization-templates', { name: world.fresh() })).id}`;
}

export function alertRuleBody(world: World, place: PlaceName) {
  return { name: world.fresh(), kind: 'error_rate', organization_id: world.organizationId(place) };
}

export async function alertRulePath({ world, place }: Asking, below: string): Promise<string> {
  await makeRoom(world, '/alert-rules', '/alert-rules', 40);
  return `/alert-rules/${(await world.root('POST', '/alert-rules', alertRuleBody(world, place))).id}${below}`;
}

/** The path of what was sent of an alert, here of a webhook's test. */
export async function sentPath(asking: Asking): Promise<string> {
  const { event_id: id } = (await asking.world.root('POST', await webhookPath(asking, '/test'))) as {
    readonly event_id?: string;
  };
  return `/alerts/${id}/deliveries`;
}

export const viewBody = (world: World) => ({ name: world.fresh(), path: '/usage', query: '' });

/** A saved view of the caller. */
export async function viewPath({ world, role }: Asking): Promise<string> {
  const { text } = await world.ask(role, { method: 'POST', path: '/saved-views', body: viewBody(world) });
  return `/saved-views/${JSON.parse(text).id}`;
}

/** A mail to nobody. */
export const mailBody = (world: World) => ({ name: world.fresh(), every: 'week', day: 1, hour: 8, form: 'csv', recipients: [] });

/** An organization has 20 at most, so the mails of earlier calls make room. Returns the path of them all. */
export async function mailsPath({ world, place }: Asking): Promise<string> {
  const path = `/organizations/${world.organizationId(place)}/scheduled-mails`;
  await makeRoom(world, path, '/scheduled-mails', 15);
  return path;
}

/** Deletes what a list has, once it has more than so many. */
async function makeRoom(world: World, list: string, each: string, most: number): Promise<void> {
  const { data } = (await world.root('GET', list)) as unknown as { readonly data: readonly { readonly id: string }[] };
  if (data.length > most) for (const { id } of data) await world.root('DELETE', `${each}/${id}`);
}

/** An organization may have 100 own credentials. One that a deployment uses cannot be deleted, so deployments go first. */
async function makeRoomForOwn(world: World, organization: string): Promise<void> {
  const credentials = `${organization}/own-credentials?limit=200`;
  const { data } = (await world.root('GET', credentials)) as unknown as { readonly data: readonly unknown[] };
  if (data.length <= 40) return;
  await makeRoom(world, `${organization}/own-deployments?limit=200`, '/own-deployments', 0);
  await makeRoom(world, credentials, '/own-credentials', 0);
}

export async function mailPath(asking: Asking, below = ''): Promise<string> {
  const { world } = asking;
  const path = await mailsPath(asking);
  return `/scheduled-mails/${(await world.root('POST', path, mailBody(world))).id}${below}`;
}

export async function deliveryPath(asking: Asking): Promise<string> {
  const path = await webhookPath(asking, '');
  return `${path}/deliveries/${(await asking.world.root('POST', `${path}/test`)).id}/redeliver`;
}

/** Of a model that the published list knows. */
export async function listedPath({ world }: Asking, below: string): Promise<string> {
  const { id } = await world.root('POST', '/deployments', { ...deploymentBody(world), upstream_model: 'fake-large' });
  return `/prices/proposals/${id}${below}`;
}

/** A file that the team's own key uploads. */
export async function filePath({ world, place }: Asking): Promise<string> {
  return `/organizations/${world.organizationId(place)}/files/${await uploadedFile(world, place, world.model)}`;
}

async function uploadedFile(world: World, place: PlaceName, model: string): Promise<string> {
  const messages = [{ role: 'user', content: 'hello' }];
  const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { model, max_tokens: 5, messages } };
  const body = new FormData();
  body.set('purpose', 'batch');
  body.set('file', new Blob([JSON.stringify(line)]), 'a.jsonl');
  return madeByKey(world, place, '/v1/files', { body });
}

/** A batch of the team's own key, at a provider that does not listen: it is tried again, and can be cancelled. */
export function batchPath(below: string) {
  return async ({ world, place }: Asking): Promise<string> => {
    const credential = { name: world.fresh(), provider: 'openai', api_key: 'sk-batches', base_url: NOBODY };
    const { id: credential_id } = await world.root('POST', '/credentials', credential);
    const model = world.fresh();
    const deployment = { model, provider: 'openai', upstream_model: 'gpt-batched', mode: 'chat', credential_id };
    await world.root('POST', '/deployments', deployment);
    const input_file_id = await uploadedFile(world, place, model);
    const asked = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' };
    const headers = { 'content-type': 'application/json' };
    const id = await madeByKey(world, place, '/v1/batches', { body: JSON.stringify(asked), headers });
    return `/organizations/${world.organizationId(place)}/batches/${id}${below}`;
  };
}

async function madeByKey(world: World, place: PlaceName, path: string, init: RequestInit): Promise<string> {
  const headers = { ...init.headers, authorization: `Bearer ${world.markers[place].keySecret}` };
  const response = await fetch(`${world.gateway.base}${path}`, { method: 'POST', ...init, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { readonly id: string }).id;
}
