import { acme } from '../../demo/acme.ts';

/** A model that the shown demo key can call. */
export const DEMO_MODEL = 'fast';

/** Sends one call of the admin API and returns its answer; rejects on any status above 299. */
export type AdminCall = (method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown) => Promise<Record<string, unknown>>;

/** Creates the demo organization through the admin API. Returns a working key. Rejects with a conflict if it already exists. */
export async function makeDemo(call: AdminCall): Promise<string> {
  const ids = new Map<string, string>();
  for (const group of acme.accessGroups) await call('POST', '/access-groups', group);
  for (const [name, body] of Object.entries(acme.deployments)) ids.set(name, idOf(await call('POST', '/deployments', body)));
  for (const group of acme.routeGroups) await call('POST', '/route-groups', withIds(group, ids));
  for (const [name, access_groups] of Object.entries(acme.labels))
    await call('PUT', `/callable-targets/${name}/access-groups`, { access_groups });
  for (const [name, fallbacks] of Object.entries(acme.fallbacks)) await call('PATCH', `/models/${name}`, { fallbacks });
  for (const [name, body] of Object.entries(acme.accounts)) ids.set(name, idOf(await call('POST', '/accounts', body)));
  const organizationId = idOf(await call('POST', '/organizations', acme.organization));
  for (const { account, role } of acme.members) {
    await call('POST', `/organizations/${organizationId}/members`, { account_id: ids.get(account), role });
  }
  let shown = '';
  for (const team of acme.teams) shown = (await makeTeam(call, organizationId, team, ids)) ?? shown;
  return shown;
}

async function makeTeam(
  call: AdminCall,
  organizationId: string,
  team: (typeof acme.teams)[number],
  ids: Map<string, string>,
): Promise<string | null> {
  const { members, serviceAccounts, keys, ...body } = team;
  const teamId = idOf(await call('POST', `/organizations/${organizationId}/teams`, body));
  for (const { account, role } of members) await call('POST', `/teams/${teamId}/members`, { account_id: ids.get(account), role });
  for (const name of serviceAccounts) ids.set(name, idOf(await call('POST', `/teams/${teamId}/service-accounts`, { name })));
  let shown: string | null = null;
  for (const key of keys) {
    const { owner, ...rest } = key;
    const { shown: isShown, ...fields } = { shown: false, ...rest };
    const made = await call('POST', '/keys', { team_id: teamId, ...fields, owner: ownerOf(owner, ids) });
    if (isShown) shown = String(made.secret);
  }
  return shown;
}

function ownerOf(owner: string, ids: Map<string, string>): object {
  const id = ids.get(owner);
  return owner.startsWith('$') ? { account_id: id } : { service_account_id: id };
}

function withIds(body: unknown, ids: Map<string, string>): unknown {
  return JSON.parse(JSON.stringify(body), (_, value) => (typeof value === 'string' ? (ids.get(value) ?? value) : value));
}

function idOf(answer: Record<string, unknown>): string {
  return String(answer.id);
}
