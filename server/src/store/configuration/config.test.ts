import { eq, inArray, sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { shippedPresets } from '../../providers/shipped-presets.ts';
import type { Database } from '../database.ts';
import * as schema from '../schema.ts';
import { findKey, findKeyByHash, findKeys, loadCatalogue, loadOrganization, loadOrganizations, withoutSecret } from './config.ts';
import { bumpConfigVersions, bumpVersion, CATALOGUE_SCOPE, configVersions } from './config-versions.ts';
import type { OpenCredential } from './load-deployments.ts';

const hash = (byte: string) => byte.repeat(32);
const openCredential: OpenCredential = (row) =>
  Object.freeze({ ...withoutSecret(row), apiKey: `${row.id}:${row.sealed?.toString()}` });

onEveryDatabase('the configuration', (given) => {
  beforeAll(async () => {
    await insertTenancy(given().db);
    await insertCatalogue(given().db);
  });

  test('an organization is read with its teams, members and service accounts, each with its policy', async () => {
    const organization = await loadOrganization(given().db, 'org_1');
    expect(organization).toMatchObject({ slug: 'acme', status: 'active', timeZone: 'Europe/Paris', rateLimits: { rpm: 600 } });
    expect(organization?.access).toEqual({ mode: 'selected', targets: ['fast'], accessGroups: ['beta'] });
    expect(organization?.budgets.map((budget) => budget.id)).toEqual(['bud_b', 'bud_a']);
    expect(organization?.budgets[1]).toMatchObject({ match: { is: 'prefix', prefix: 'gpt-5' }, amountNanoUsd: 9e15 });
    expect(organization?.teams.get('team_1')).toMatchObject({
      status: 'active',
      access: { mode: 'inherit' },
      budgets: [{ id: 'bud_t' }],
    });
    expect(organization?.members.get('mem_1')).toMatchObject({ accountId: 'acct_1', status: 'active', budgets: [] });
    expect(organization?.serviceAccounts.get('svc_1')).toMatchObject({ teamId: 'team_1' });
    expect(Object.isFrozen(organization)).toBe(true);
    expect(await loadOrganization(given().db, 'org_nowhere')).toBeNull();
  });

  test('many organizations and keys are read at once, each as it would be alone', async () => {
    const { db } = given();
    const many = await loadOrganizations(db, ['org_1', 'org_2', 'org_nowhere']);
    expect([...many.keys()].toSorted()).toEqual(['org_1', 'org_2']);
    expect(many.get('org_1')).toEqual(await loadOrganization(db, 'org_1'));
    expect(many.get('org_2')?.teams.size).toBe(0);
    const addresses = [
      ['org_1', 'key_2'],
      ['org_1', 'key_1'],
      ['org_2', 'key_1'],
      ['org_1', 'key_nowhere'],
    ] as const;
    const found = await findKeys(
      db,
      addresses.map(([organizationId, keyId]) => ({ organizationId, keyId })),
    );
    expect(found.map((key) => key.id).toSorted()).toEqual(['key_1', 'key_2']);
  });

  test('what was deleted or removed is not there, and a disabled account disables its membership', async () => {
    const organization = await loadOrganization(given().db, 'org_1');
    expect([...(organization?.teams.keys() ?? [])]).toEqual(['team_1']);
    expect(organization?.members.get('mem_2')?.status).toBe('disabled');
    expect(organization?.members.has('mem_3')).toBe(false);
  });

  test('a key is found by the hash of its secret, with its tenant, owner and budgets', async () => {
    const found = await findKeyByHash(given().db, hash('aa'));
    expect(found).toMatchObject({ organizationId: 'org_1', secretValidUntilMs: null });
    expect(found?.key).toMatchObject({
      id: 'key_1',
      teamId: 'team_1',
      owner: { is: 'member', memberId: 'mem_1', accountId: 'acct_1' },
      status: { is: 'active' },
      access: { mode: 'restrict', targets: ['fast'], accessGroups: [] },
      budgets: [
        { id: 'bud_k', amountNanoUsd: 5, period: { is: 'month', anchorDay: 31 }, match: { is: 'access_group', key: 'beta' } },
      ],
    });
    expect(await findKey(given().db, { organizationId: 'org_1', keyId: 'key_1' })).toEqual(found?.key);
    expect(await findKey(given().db, { organizationId: 'org_2', keyId: 'key_1' })).toBeNull();
    expect((await findKeyByHash(given().db, hash('bb')))?.key.owner).toEqual({
      is: 'service_account',
      serviceAccountId: 'svc_1',
    });
    expect(await findKeyByHash(given().db, hash('ff'))).toBeNull();
  });

  test('an old secret works until its overlap ends, and says when', async () => {
    const { db } = given();
    const validUntil = new Date(Date.now() + 60_000);
    await db.insert(schema.keySecrets).values([
      { hash: Buffer.from(hash('c1'), 'hex'), organizationId: 'org_1', keyId: 'key_1', validUntil },
      { hash: Buffer.from(hash('c2'), 'hex'), organizationId: 'org_1', keyId: 'key_1', validUntil: new Date(Date.now() - 1_000) },
    ]);
    expect(await findKeyByHash(db, hash('c1'))).toMatchObject({ key: { id: 'key_1' }, secretValidUntilMs: validUntil.getTime() });
    expect(await findKeyByHash(db, hash('c2'))).toBeNull();
  });

  test('the catalogue holds every target with its deployments, prices newest first, labels and opened credentials', async () => {
    const catalogue = await loadCatalogue(given().db, openCredential);
    expect([...catalogue.targets.keys()].sort()).toEqual(['fast', 'group']);
    const model = catalogue.targets.get('fast');
    expect(model?.members.map((member) => [member.deployment.id, member.weight])).toEqual([['dep_1', 3]]);
    expect(model?.members[0]?.deployment).toMatchObject({
      credential: { apiKey: 'cred_1:sealed' },
      prices: [{ id: 'price_2' }, { id: 'price_1', perMillion: { input: 9_007_199_254_740_991 } }],
    });
    expect(catalogue.targets.get('group')).toMatchObject({ kind: 'route_group', members: [{ weight: 7, priority: 2 }] });
    expect(catalogue.targets.get('group')?.members[0]?.deployment).toBe(model?.members[0]?.deployment);
  });

  // promise: The configuration is held as separate frozen, versioned objects (the catalogue, each organization)
  test('what was read can be changed by nobody: every object in it is frozen', async () => {
    const { db } = given();
    const found = await findKeyByHash(db, hash('aa'));
    const read = {
      catalogue: await loadCatalogue(db, openCredential),
      organization: await loadOrganization(db, 'org_1'),
      key: found?.key,
    };
    expect(found).not.toBeNull();
    expect(Object.entries(read).flatMap(([name, value]) => notFrozen(value, name))).toEqual([]);
    expect([read.catalogue.version, read.organization?.version]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  // promise: Access-group grants are valid even before a group has
  test('an access group is there before it has members', async () => {
    const catalogue = await loadCatalogue(given().db, openCredential);
    expect(catalogue.accessGroups).toEqual(
      new Map([
        ['beta', new Set(['fast'])],
        ['empty', new Set()],
      ]),
    );
    expect(catalogue.targets.get('fast')?.accessGroups).toEqual(new Set(['beta']));
  });

  test('a credential of a preset is opened with it, and without it or with half of it its deployments are out of service', async () => {
    const { db } = given();
    const shipped = shippedPresets();
    const [groq] = shipped;
    const wires = { 'openai-chat': '/chat/completions' };
    const definition = { id: 'acme-llm', name: 'Acme', base_url: 'https://llm.acme.example/v1', auth: 'bearer', wires };
    const later = { ...definition, id: 'later', from_a_later_version: true };
    await db.insert(schema.presets).values([
      { id: 'acme-llm', definition },
      { id: 'later', definition: later },
      { id: 'mistral', definition: { ...definition, id: 'mistral' } },
    ]);
    const providers = ['groq', 'acme-llm', 'later', 'nobodys', 'mistral'];
    await db.insert(schema.credentials).values(
      providers.map((provider) => ({
        id: `cred_${provider}`,
        name: provider,
        provider,
        baseUrl: 'https://llm.acme.example/v1',
      })),
    );
    await db.insert(schema.deployments).values(
      providers.map((provider) => ({
        ...{ id: `dep_${provider}`, model: 'fast', provider, upstreamModel: 'm', credentialId: `cred_${provider}` },
      })),
    );
    const unreadable: string[] = [];
    const catalogue = await loadCatalogue(db, openCredential, (what, id) => unreadable.push(`${what} ${id}`), shipped);
    const members = catalogue.targets.get('fast')?.members.map(({ deployment }) => deployment) ?? [];
    const found = (provider: string) => members.find((one) => one.provider === provider);
    expect(found('groq')).toMatchObject({ enabled: true, credential: { preset: groq } });
    expect(found('acme-llm')).toMatchObject({ enabled: true, credential: { preset: { id: 'acme-llm', quirks: { drop: [] } } } });
    // A row that people added counts before a shipped one, which a later version may bring.
    expect(found('mistral')?.credential?.preset?.quirks.rename).toEqual([]);
    for (const provider of ['later', 'nobodys']) expect(found(provider)).toMatchObject({ enabled: false, credential: null });
    expect(unreadable).toEqual(['preset later', 'credential cred_later', 'credential cred_nobodys']);
    expect(notFrozen(catalogue.presets?.get('acme-llm'), 'preset')).toEqual([]);
    await db.delete(schema.deployments).where(inArray(schema.deployments.provider, providers));
    await db.delete(schema.credentials).where(inArray(schema.credentials.provider, providers));
  });

  test('a version moves with the transaction of the change, and not without it', async () => {
    const { db } = given();
    const before = (await configVersions(db)).get('org_1') ?? 0;
    await db.transaction((tx) => bumpConfigVersions(tx, { catalogue: true, organizationIds: ['org_1', 'org_2', 'org_1'] }));
    await db
      .transaction(async (tx) => {
        await bumpVersion(tx, 'org_1');
        tx.rollback();
      })
      .catch(() => {});
    expect((await configVersions(db, ['org_1'])).get('org_1')).toBe(before + 1);
    expect((await loadOrganization(db, 'org_1'))?.version).toBe(before + 1);
    expect((await loadCatalogue(db, openCredential)).version).toBe((await configVersions(db)).get(CATALOGUE_SCOPE));
  });

  test('any id below an organization leads to it, and an account to its organizations', async () => {
    const { db } = given();
    for (const id of ['team_1', 'mem_1', 'svc_1', 'key_1']) {
      const rows = await db.select().from(schema.tenantObjects).where(eq(schema.tenantObjects.id, id));
      expect(rows).toEqual([{ id, organizationId: 'org_1' }]);
    }
    const memberships = await db
      .select()
      .from(schema.accountMemberships)
      .where(eq(schema.accountMemberships.accountId, 'acct_1'));
    expect(memberships).toEqual([{ accountId: 'acct_1', organizationId: 'org_1', membershipId: 'mem_1' }]);
  });

  // promise: Global tables, the only ones whose index does
  test('every index but those of the global tables starts with the organization', async () => {
    const { rows } = await given().db.execute<{ table: string; column: string }>(sql`
      select distinct c.relname as table, a.attname as column from pg_index i
      join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
      left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]`);
    const others = rows.filter((row) => row.column !== 'organization_id' && row.column !== 'chain').map((row) => row.table);
    expect([...new Set(others)].sort()).toEqual([...GLOBAL_TABLES].sort());
  });
});

/** Tables of keys by hash, slugs and ids, accounts and sign-in, the catalogue, settings. */
const GLOBAL_TABLES = [
  ...[
    'access_groups',
    'callable_targets',
    'credentials',
    'deployments',
    'models',
    'presets',
    'prices',
    'route_group_members',
    'route_groups',
  ],
  ...['target_labels', 'account_memberships', 'accounts', 'admin_tokens', 'key_secrets', 'organizations', 'tenant_objects'],
  ...[
    'address_proofs',
    'identity_links',
    'identity_providers',
    'one_time_links',
    'organization_domains',
    'passkeys',
    'scim_tokens',
    'session_evidence',
    'sessions',
    'sign_in_flows',
    'sign_in_methods',
    'token_accounts',
    // Found by the issuer and the audience of a token, before the organization is known.
    'trust_rules',
    'trusted_issuers',
    'two_factors',
    'verifications',
  ],
  // Tables that the platform lists and sums over all tenants. They also have an index by time, name or list order.
  ...['attempt_rollups', 'attribution_rollups', 'invitations', 'keys', 'ledger', 'ledger_records', 'organization_days'],
  ...['organization_standings', 'platform_rollups', 'request_log', 'request_records'],
  ...['rollups', 'route_group_policies', 'scope_marks', 'tag_rollups', 'team_rollups', 'teams', 'unit_rollups'],
  ...['config_versions', 'idempotency_keys', 'installation', 'process_leases', 'schema_migrations'],
  // Jobs of the whole installation and their alerts: found by id, and delivered in one order over all tenants.
  ...[
    'alert_deliveries',
    'alert_events',
    'alert_incidents',
    'alert_rules',
    'batches',
    'conversations',
    'credential_checks',
    'deployment_checks',
    'files',
    'job_runs',
    'ledger_drifts',
    'listed_models',
    // Found by hash or by person, and ended by a job over all tenants.
    'login_refresh_tokens',
    'login_requests',
    'logins',
    // The platform sums its cost over all tenants, and a job deletes old rows.
    'mirror_copies',
    'model_lists',
    'organization_templates',
    'price_list_models',
    'price_lists',
    'price_proposals',
    'saved_views',
    'scheduled_mail_deliveries',
    'scheduled_mails',
    // A job deletes what expired, of all tenants.
    'stored_responses',
    'webhooks',
  ],
];

async function insertTenancy(db: Database) {
  const account = (id: string, status: 'active' | 'disabled') => ({ id, status, name: id, email: `${id}@acme.test` });
  await db
    .insert(schema.accounts)
    .values([account('acct_1', 'active'), account('acct_2', 'disabled'), account('acct_3', 'active')]);
  const grants = { accessTargets: ['fast'], accessGroups: ['beta'] };
  const organization = { id: 'org_1', slug: 'acme', name: 'Acme', timeZone: 'Europe/Paris', rateLimits: { rpm: 600 }, ...grants };
  await db.insert(schema.organizations).values([organization, { id: 'org_2', slug: 'other', name: 'Other' }]);
  const inside = { organizationId: 'org_1' };
  await db.insert(schema.teams).values([
    { ...inside, id: 'team_1', name: 'One' },
    { ...inside, id: 'team_2', name: 'Gone', deletedAt: new Date() },
  ]);
  await db.insert(schema.memberships).values([
    { ...inside, id: 'mem_1', accountId: 'acct_1', role: 'org_owner' },
    { ...inside, id: 'mem_2', accountId: 'acct_2', role: 'org_member' },
    { ...inside, id: 'mem_3', accountId: 'acct_3', role: 'org_member', status: 'removed' },
  ]);
  await db.insert(schema.serviceAccounts).values({ ...inside, id: 'svc_1', teamId: 'team_1', name: 'ci' });
  const key = { ...inside, teamId: 'team_1', name: 'app', prefix: 'sk-hg-ab', lastFour: 'wxyz', createdBy: 'adm_1' };
  await db.insert(schema.keys).values([
    { ...key, id: 'key_1', ownerMembershipId: 'mem_1', accessMode: 'restrict', accessTargets: ['fast'] },
    { ...key, id: 'key_2', ownerServiceAccountId: 'svc_1' },
  ]);
  await db.insert(schema.keySecrets).values([
    { ...inside, keyId: 'key_1', hash: Buffer.from(hash('aa'), 'hex') },
    { ...inside, keyId: 'key_2', hash: Buffer.from(hash('bb'), 'hex') },
  ]);
  const budget = {
    ...inside,
    amountNanoUsd: 5,
    period: { is: 'month' as const, anchor_day: 31 },
    thresholds: [50],
    action: 'block' as const,
  };
  await db.insert(schema.budgets).values([
    { ...budget, id: 'bud_a', scope: 'organization', scopeId: 'org_1', position: 1, matchTarget: 'gpt-5*', amountNanoUsd: 9e15 },
    { ...budget, id: 'bud_b', scope: 'organization', scopeId: 'org_1', position: 0 },
    { ...budget, id: 'bud_c', scope: 'organization', scopeId: 'org_1', deletedAt: new Date() },
    { ...budget, id: 'bud_t', scope: 'team', scopeId: 'team_1' },
    { ...budget, id: 'bud_k', scope: 'key', scopeId: 'key_1', matchAccessGroup: 'beta' },
  ]);
}

async function insertCatalogue(db: Database) {
  await db.insert(schema.credentials).values({ id: 'cred_1', name: 'main', provider: 'openai', sealed: Buffer.from('sealed') });
  await db.insert(schema.callableTargets).values([
    { name: 'fast', kind: 'model' },
    { name: 'group', kind: 'route_group' },
  ]);
  await db.insert(schema.models).values({ name: 'fast' });
  const deployment = { model: 'fast', provider: 'openai', upstreamModel: 'gpt', credentialId: 'cred_1', weight: 3 };
  await db.insert(schema.deployments).values([
    { ...deployment, id: 'dep_1' },
    { ...deployment, id: 'dep_2', deletedAt: new Date() },
  ]);
  await db.insert(schema.prices).values([
    { id: 'price_1', deploymentId: 'dep_1', effectiveFrom: new Date(0), perMillion: { input: Number.MAX_SAFE_INTEGER } },
    { id: 'price_2', deploymentId: 'dep_1', effectiveFrom: new Date(1_000), perMillion: { input: 2 } },
  ]);
  await db.insert(schema.routeGroups).values({ id: 'rg_1', key: 'group' });
  await db.insert(schema.routeGroupMembers).values([
    { routeGroupId: 'rg_1', deploymentId: 'dep_1', weight: 7, priority: 2 },
    { routeGroupId: 'rg_1', deploymentId: 'dep_2' },
  ]);
  await db.insert(schema.accessGroups).values([
    { key: 'beta', name: 'Beta' },
    { key: 'empty', name: 'Empty' },
  ]);
  await db.insert(schema.targetLabels).values({ targetName: 'fast', accessGroup: 'beta' });
}

/** Returns the paths of all plain objects and arrays that are not frozen. Sets and maps are read-only by their types. */
function notFrozen(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  if (value instanceof Set) return [];
  if (value instanceof Map) return [...value].flatMap(([name, one]) => notFrozen(one, `${path}(${name})`));
  const inside = Object.entries(value).flatMap(([name, one]) => notFrozen(one, `${path}.${name}`));
  return Object.isFrozen(value) ? inside : [path, ...inside];
}
