/** Own credentials and deployments in the database, beside a version of the gateway that does not know of them. */
import { sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { newDataKey, open, seal, UnsealFailure } from '../../lib/secrets.ts';
import { loadCatalogue, loadOrganizations } from '../configuration/config.ts';
import { organizations } from '../schema.ts';
import { sealKey } from '../sealing/key-seal.ts';
import { openStored } from '../sealing/stored-credential.ts';
import * as targets from './callable-targets.ts';
import * as credentials from './credentials.ts';
import * as deployments from './deployments.ts';
import * as models from './models.ts';
import { dropOwnOfDeleted, ownAmong } from './owners.ts';

const key = newDataKey();
const SECRET = 'sk-own-0123456789abcdef';
const PLACE = { provider: 'openai', kind: 'api_key', baseUrl: 'https://llm.example.com/v1', settings: {} } as const;

onEveryDatabase('own providers beside the version before', (given) => {
  const db = () => given().db;
  const at = new Date();
  const opener = { key, ambientClouds: new Set<never>() };
  const unreadable: string[] = [];
  const own = {
    open: (row: credentials.CredentialRow) => openStored(row, opener, at.getTime()),
    onUnreadable: (_: string, id: string) => void unreadable.push(id),
  };
  const stored = { createdAt: at, updatedAt: at };
  const makeCredential = async (id: string, owner: string) => {
    const place = { id, owner, ...PLACE };
    return credentials.insert(db(), { ...place, name: 'main', ...(await sealKey(db(), key, place, SECRET)), ...stored });
  };
  const makeDeployment = (id: string, owner: string, credentialId: string) =>
    deployments.insert(db(), {
      ...{ id, owner, model: 'fast', provider: 'openai', upstreamModel: 'm', credentialId, enabled: true, ...stored },
    });
  const ownOf = async (id: string) => (await loadOrganizations(db(), [id], own)).get(id)?.own ?? null;

  beforeAll(async () => {
    await db()
      .insert(organizations)
      .values(['org_1', 'org_2'].map((id) => ({ id, slug: id, name: id, ...stored })));
    await targets.claim(db(), { name: 'fast', kind: 'model' }, at);
    await models.insert(db(), { name: 'fast', strategy: 'weighted', ...stored });
    await makeCredential('cred_1', 'org_1');
    await makeDeployment('dep_1', 'org_1', 'cred_1');
  });

  test('the organization alone has the deployment, with its secret', async () => {
    const [mine, other] = [await ownOf('org_1'), await ownOf('org_2')];
    expect(mine?.byModel.get('fast')).toMatchObject([
      { id: 'dep_1', organizationId: 'org_1', enabled: true, credential: { apiKey: SECRET, organizationId: 'org_1' } },
    ]);
    expect(other).toBeNull();
    const catalogue = await loadCatalogue(db(), own.open, own.onUnreadable);
    expect(catalogue.targets.get('fast')?.members).toEqual([]);
  });

  test('the version before reads it as disabled, cannot enable it, and cannot open its secret', async () => {
    const { rows } = await db().execute<{ enabled: boolean }>(
      sql`select enabled from deployments where deleted_at is null and model = 'fast'`,
    );
    expect(rows).toEqual([{ enabled: false }]);
    await expect(db().execute(sql`update deployments set enabled = true where id = 'dep_1'`)).rejects.toThrow();
    const { sealed } = (await credentials.findOwn(db(), 'cred_1')) as credentials.CredentialRow;
    for (const aad of ['cred_1', 'credential cred_1 openai https://llm.example.com'])
      expect(() => open(key, sealed as Buffer, aad)).toThrow(UnsealFailure);
  });

  test('the version before cannot give it to a deployment of the platform, nor one tenant’s to another’s', async () => {
    const insert = (id: string, owner: string) =>
      db().execute(sql`insert into deployments (id, owner, model, provider, upstream_model, credential_id, enabled)
        values (${id}, ${owner}, 'fast', 'openai', 'm', 'cred_1', false)`);
    await expect(
      db().execute(sql`insert into deployments (id, model, provider, upstream_model, credential_id)
        values ('dep_2', 'fast', 'openai', 'm', 'cred_1')`),
    ).rejects.toThrow();
    await expect(insert('dep_3', 'org_2')).rejects.toThrow();
    await expect(db().execute(sql`update credentials set owner = 'org_2' where id = 'cred_1'`)).rejects.toThrow();
    await expect(db().execute(sql`update credentials set owner = '' where id = 'cred_1'`)).rejects.toThrow();
  });

  test('a secret that the version before enters, or that someone moves to another owner, is not used', async () => {
    const before = (await credentials.findOwn(db(), 'cred_1')) as credentials.CredentialRow;
    await credentials.update(
      db(),
      'cred_1',
      { sealed: seal(key, 'sk-other', 'credential cred_1 openai https://llm.example.com') },
      at,
    );
    expect((await ownOf('org_1'))?.byModel.get('fast')).toMatchObject([{ enabled: false, credential: null }]);
    expect(unreadable).toContain('cred_1');
    await credentials.update(db(), 'cred_1', { sealed: before.sealed }, at);
    expect((await ownOf('org_1'))?.byModel.get('fast')).toMatchObject([{ enabled: true }]);
    await makeCredential('cred_2', 'org_2');
    await credentials.update(db(), 'cred_2', { sealed: before.sealed }, at);
    await makeDeployment('dep_4', 'org_2', 'cred_2');
    expect((await ownOf('org_2'))?.byModel.get('fast')).toMatchObject([{ enabled: false, credential: null }]);
  });

  test('what an organization brought that the version before deletes is erased soon after', async () => {
    await db().execute(sql`update organizations set status = 'deleted' where id = 'org_2'`);
    await dropOwnOfDeleted(db(), at);
    expect([await credentials.countOf(db(), 'org_2'), await deployments.countOf(db(), 'org_2')]).toEqual([0, 0]);
    expect([await credentials.countOf(db(), 'org_1'), await deployments.countOf(db(), 'org_1')]).toEqual([1, 1]);
    // Its requests stay marked.
    expect([...(await ownAmong(db(), ['dep_4', 'dep_nothing', null]))]).toEqual(['dep_4']);
  });

  test('no own credential is opened as the machine’s identity', async () => {
    const place = {
      id: 'cred_3',
      owner: 'org_1',
      provider: 'bedrock',
      kind: 'ambient',
      baseUrl: null,
      settings: { region: 'eu-central-1' },
    };
    const row = { ...place, sealed: (await sealKey(db(), key, place, '')).sealed, sealedFor: 'address' };
    const allowed = { key, ambientClouds: new Set(['aws'] as const) };
    const openRow = (more: object) => openStored({ ...row, ...more } as credentials.CredentialRow, allowed, at.getTime());
    expect(() => openRow({})).toThrow(/identity/);
  });
});
