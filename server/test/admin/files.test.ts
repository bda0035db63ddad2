/** The files of an organization in the admin API: who lists and deletes which, what the audit log keeps, and the setting. */
import { beforeAll, expect, test } from 'vitest';
import { newFileId } from '../../src/proxy/files/file-store.ts';
import { begin, finish } from '../../src/store/files/files.ts';
import { withDatabase } from '../support/database.ts';
import { grantsOf, makeTenants, ROLES, type TeamPlace } from '../support/tenants.ts';
import { must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase());
let teams: readonly { readonly team: TeamPlace; readonly fileId: string }[];

beforeAll(async () => {
  const { root } = world();
  const tenants = await makeTenants(async (method, path, body) => must(await root(method, path, body)));
  const [mine, other] = tenants;
  teams = await Promise.all(
    [mine.teams[0], mine.teams[1], other.teams[0]].map(async (team, at) => ({
      team,
      fileId: await makeFile(team, `${at}%_.jsonl`),
    })),
  );
});

/** A file as an upload with the team's key leaves it. */
async function makeFile(team: TeamPlace, filename: string): Promise<string> {
  const { db, clock } = world().deps;
  const nowMs = clock.nowMs();
  const address = { organizationId: team.organizationId, id: newFileId(nowMs) };
  const times = { createdAt: new Date(nowMs), expiresAt: new Date(nowMs + 86_400_000), uploadingUntil: new Date(nowMs + 1_000) };
  await begin(db, { ...address, teamId: team.teamId, keyId: team.key.id, purpose: 'batch', filename, ...times });
  await finish(db, address, 3);
  return address.id;
}

const at = (index: number) => teams[index] as (typeof teams)[number];
const pathOf = (index: number) => `/organizations/${at(index).team.organizationId}/files`;

test('each role lists the files of the teams whose spend it may see, and of no other organization', async () => {
  const { team } = at(0);
  const seen: Record<string, unknown> = {};
  for (const role of ROLES) {
    const client = world().as(grantsOf(role, team), team.developer.accountId);
    const [own, other] = [await client('GET', pathOf(0)), await client('GET', pathOf(2))];
    const listed =
      own.status === 200 ? own.body.data.map(({ id }: { id: string }) => teams.findIndex((one) => one.fileId === id)) : [];
    seen[role] = [own.status, listed.sort().join(), own.status === 200 ? own.body.total : null, other.status];
  }
  expect(seen).toEqual({
    platform_admin: [200, '0,1', 2, 200],
    platform_auditor: [200, '0,1', 2, 200],
    org_owner: [200, '0,1', 2, 404],
    org_admin: [200, '0,1', 2, 404],
    org_billing: [200, '0,1', 2, 404],
    org_auditor: [200, '0,1', 2, 404],
    org_member: [403, '', null, 404],
    team_admin: [200, '0', 1, 404],
    // The team's own key is a service account's, and a developer sees what their own keys made.
    team_developer: [200, '', 0, 404],
    team_viewer: [403, '', null, 404],
  });
});

test('a list has no content, is searched by a part of the name or the id, and filtered', async () => {
  const { root } = world();
  const { fileId, team } = at(0);
  const idsOf = async (query: string) =>
    must(await root('GET', `${pathOf(0)}?${query}`)).data.map(({ id }: { id: string }) => id);
  const [row] = must(await root('GET', `${pathOf(0)}?search=${fileId}`)).data;
  expect(row).toEqual({
    ...{ id: fileId, organization_id: team.organizationId, filename: '0%_.jsonl', purpose: 'batch', bytes: 0, lines: 3 },
    ...{ team_id: team.teamId, team_name: expect.any(String), key_id: team.key.id, key_name: expect.any(String) },
    ...{ created_at: expect.any(String), expires_at: expect.any(String), capabilities: expect.arrayContaining(['keys.manage']) },
  });
  expect(await idsOf(`search=${encodeURIComponent('0%_')}`)).toEqual([fileId]);
  expect(await idsOf(`search=${encodeURIComponent('%')}`)).toHaveLength(2);
  expect(await idsOf('search=x')).toEqual([]);
  expect(await idsOf(`team_id=${team.teamId}&key_id=${team.key.id}&purpose=batch`)).toEqual([fileId]);
  expect(await idsOf('purpose=batch_output')).toEqual([]);
  const first = must(await root('GET', `${pathOf(0)}?limit=1`));
  expect(await idsOf(`limit=1&cursor=${first.next_cursor}`)).toEqual([fileId]);
});

test('who manages keys deletes a file, which is recorded; nobody deletes another team’s or another organization’s', async () => {
  const { root, as } = world();
  const { team } = at(0);
  const admin = as(grantsOf('team_admin', team), team.developer.accountId);
  const mine = await makeFile(team, 'mine.jsonl');
  expect((await admin('DELETE', `${pathOf(1)}/${at(1).fileId}`)).status).toBe(403);
  for (const path of [`${pathOf(2)}/${at(2).fileId}`, `${pathOf(0)}/${at(2).fileId}`, `${pathOf(0)}/file-nothing`])
    expect((await admin('DELETE', path)).status).toBe(404);
  const viewer = as(grantsOf('org_auditor', team));
  expect((await viewer('DELETE', `${pathOf(0)}/${mine}`)).status).toBe(403);
  expect((await admin('DELETE', `${pathOf(0)}/${mine}`)).status).toBe(204);
  expect((await admin('DELETE', `${pathOf(0)}/${mine}`)).status).toBe(404);
  expect(must(await root('GET', `${pathOf(0)}?search=mine`)).data).toEqual([]);
  const { data } = must(await root('GET', `/organizations/${team.organizationId}/audit-events?action=file.delete`));
  expect(data).toMatchObject([{ object: { type: 'file', id: mine, name: 'mine.jsonl' }, before: { lines: 3 } }]);
});

test('owners turn batches off and choose who finds files, which is recorded and copied', async () => {
  const { root, as } = world();
  const { team } = at(0);
  const path = `/organizations/${team.organizationId}`;
  expect(must(await root('GET', path))).toMatchObject({ batches: 'on', files_scope: 'team' });
  for (const role of ['org_admin', 'org_auditor', 'team_admin'] as const)
    expect((await as(grantsOf(role, team))('PATCH', path, { batches: 'off' })).status).toBe(403);
  const change = { batches: 'off', files_scope: 'key' };
  expect(must(await as(grantsOf('org_owner', team))('PATCH', path, change))).toMatchObject(change);
  const events = must(await root('GET', `${path}/audit-events?action=organization.update`));
  expect(events.data[0]).toMatchObject({ before: { batches: 'on', files_scope: 'team' }, after: change });
  const like = { slug: `like-${Date.now()}`, name: 'Like', like_organization_id: team.organizationId };
  expect(must(await root('POST', '/organizations', like))).toMatchObject(change);
  for (const bad of [{ batches: 'maybe' }, { batches: null }, { files_scope: 'everybody' }])
    expect((await root('PATCH', path, bad)).status).toBe(400);
});
