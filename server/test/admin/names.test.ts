import { beforeAll, expect, test } from 'vitest';
import * as schema from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import { type Client, makeAccount, makeOrganization, must, withAdmin } from './support.ts';

onOneDatabase('names by id', (given) => {
  const world = withAdmin(given);
  const ids = { acme: '', team: '', otherTeam: '', service: '', key: '', other: '' };

  beforeAll(async () => {
    const { root } = world();
    ids.acme = (await makeOrganization(root)).id;
    ids.other = (await makeOrganization(root)).id;
    ids.team = must(await root('POST', `/organizations/${ids.acme}/teams`, { name: 'Support' })).id;
    ids.otherTeam = must(await root('POST', `/organizations/${ids.other}/teams`, { name: 'Secret' })).id;
    ids.service = must(await root('POST', `/teams/${ids.team}/service-accounts`, { name: 'ci' })).id;
    ids.key = must(
      await root('POST', '/keys', { team_id: ids.team, name: 'app', owner: { service_account_id: ids.service } }),
    ).id;
  });

  const asked = () => `/names?ids=${Object.values(ids).join(',')},key_unknown`;

  test('a platform admin learns every name, and nothing of an id that does not exist', async () => {
    const { names } = must(await world().root('GET', asked()));
    expect(names).toMatchObject({ [ids.team]: 'Support', [ids.otherTeam]: 'Secret', [ids.service]: 'ci', [ids.key]: 'app' });
    expect(Object.keys(names).sort()).toEqual(Object.values(ids).sort());
  });

  test('nobody learns a name of another tenant', async () => {
    const owner = world().as([{ role: 'org_owner', organizationId: ids.acme }]);
    const { names } = must(await owner('GET', asked()));
    expect(Object.keys(names).sort()).toEqual([ids.acme, ids.team, ids.service, ids.key].sort());
  });

  test('who sees one team learns its names and what the organization is called', async () => {
    const viewer = world().as([{ role: 'team_viewer', organizationId: ids.other, teamId: ids.otherTeam }]);
    expect(Object.keys(must(await viewer('GET', asked())).names).sort()).toEqual([ids.other, ids.otherTeam].sort());
  });

  test('who changed the catalogue has a name for readers of the platform alone', async () => {
    const { root, as, deps } = world();
    const { id } = await makeAccount(root, 'Ada');
    const [token] = await deps.db.select({ id: schema.adminTokens.id, name: schema.adminTokens.name }).from(schema.adminTokens);
    const names = async (client: Client) => must(await client('GET', `/names?ids=${id},${token?.id}`)).names;
    expect(await names(root)).toEqual({ [id]: 'Ada', [token?.id ?? '']: token?.name });
    expect(await names(as([{ role: 'platform_auditor' }]))).toHaveProperty(id, 'Ada');
    expect(await names(as([{ role: 'org_owner', organizationId: ids.acme }]))).toEqual({});
  });

  test('more ids than fit are refused', async () => {
    const many = Array.from({ length: 201 }, (_, index) => `key_${index}`).join(',');
    expect((await world().root('GET', `/names?ids=${many}`)).status).toBe(400);
  });
});
