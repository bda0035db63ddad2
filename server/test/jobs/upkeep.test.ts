/** The jobs themselves, each run once over records that were stored the way the house stores them. */
import { eq, sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Price, PriceUnits } from '../../src/domain/money/price.ts';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import type { AlertType } from '../../src/domain/tenancy/alert.ts';
import type { Announcer } from '../../src/jobs/alerts/announce.ts';
import { bindContentKeysJob } from '../../src/jobs/bind-content-keys.ts';
import { bindKeysJob } from '../../src/jobs/bind-keys.ts';
import { credentialJob } from '../../src/jobs/check-credentials.ts';
import { closeAuditChainsJob } from '../../src/jobs/close-audit-chains.ts';
import type { Job } from '../../src/jobs/job.ts';
import { repairJob } from '../../src/jobs/proof.ts';
import { priceJob } from '../../src/jobs/refresh-prices.ts';
import { partitionsJob, retentionJob } from '../../src/jobs/retention.ts';
import { sweepJob } from '../../src/jobs/sweep.ts';
import { unownedTokensJob } from '../../src/jobs/unowned-tokens.ts';
import { contentKeyPurpose, newDataKey, openContentKey, seal, wrapKey } from '../../src/lib/secrets.ts';
import { verifyAuditChain } from '../../src/store/audit/audit-proof.ts';
import { acquireLease } from '../../src/store/installation/lease.ts';
import { credentials, organizations, processLeases } from '../../src/store/schema.ts';
import { openKey } from '../../src/store/sealing/key-seal.ts';
import { makeDeployment } from '../admin/catalogue-support.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { byForce } from '../support/audit-trail.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';

const DAY_MS = 86_400_000;

onOneDatabase('upkeep', (given) => {
  let listed: Pick<Price, 'perMillion' | 'units'> | null = { perMillion: { input: 1_000_000_000 } };
  const priceFor = () => listed;
  const refuse = () => Promise.reject(new Error('not asked'));
  const world = withAdmin(given, {
    upstream: {
      checkBaseUrl: () => null,
      checkOwnBaseUrl: () => null,
      isPlainOnNetwork: () => false,
      isListed: () => false,
      ambientClouds: new Set(),
      priceFor,
      contextWindowOf: () => null,
      priceListEdition: 'list 7',
      publishedList: { name: 'list', version: '7', publishedOn: '2026-01-01', author: 'somebody', models: () => [] },
      shippedPresets: [],
      provenPresets: new Set(),
      checkDeployment: refuse,
      listModels: refuse,
      readModels: refuse,
      traceCredential: refuse,
    },
  });
  const told: { type: AlertType; data: object }[] = [];
  const announcer: Announcer = { announce: async (_tx, { type, data }) => void told.push({ type, data }) };
  const run = (job: Job, signal = new AbortController().signal) =>
    job.run({ database: given(), clock: world().deps.clock, signal, warn: () => {} });
  const rowsOf = async (statement: string) => (await given().db.execute<Record<string, string>>(statement)).rows;

  async function store(organizationId: string, daysAgo: number, more: object = {}) {
    const admittedAtMs = world().time.nowMs - daysAgo * DAY_MS;
    await storeRecords(given(), [
      givenEnd({ organizationId, admittedAtMs, entries: [givenEntry({ nanoUsd: 7 })], content: Buffer.from('sealed'), ...more }),
    ]);
  }

  test('says each admin token without an owner in the log, with its day, until it ends', async () => {
    const lines: { facts: object; message: string }[] = [];
    const job = unownedTokensJob((facts, message) => void lines.push({ facts, message }));
    expect(await run(job)).toBe('Every admin token has an owner.');
    expect(lines).toEqual([]);
    const { id } = must(await world().root('POST', '/admin-tokens', { name: 'of before', role: 'platform_auditor' }));
    const ends = new Date(world().time.nowMs + DAY_MS).toISOString();
    await given().pool.query({
      text: 'update admin_tokens set origin = null, unowned_ends_at = $1 where id = $2',
      values: [ends, id],
    });
    expect(await run(job)).toBe('Admin tokens without an owner: 1; the first expires on 2026-03-11.');
    expect(lines).toMatchObject([{ facts: { total: 1, admin_tokens: [{ id, name: 'of before', ends_at: ends }] } }]);
    must(await world().root('POST', `/admin-tokens/${id}/take-over`));
    expect(await run(job)).toBe('Every admin token has an owner.');
    expect(lines).toHaveLength(1);
  });

  describe('closing audit chains', () => {
    test('closes each chain that ends without the key once, and leaves the others as they are', async () => {
      const chains = [await makeOrganization(world().root), await makeOrganization(world().root)].map(({ id }) => id as string);
      const audit = { ...world().deps.audit, key: { ...world().deps.audit.key, unkeyedUntilMs: world().time.nowMs } };
      // As a version without the key left the first of them.
      await byForce(given().db, (tx) => tx.execute(sql`update audit_events set mac = null where chain = ${chains[0]}`));
      expect(await run(closeAuditChainsJob({ audit }))).toBe('Closed 1 audit chains.');
      expect(await run(closeAuditChainsJob({ audit }))).toBe('Closed 0 audit chains.');
      const verdicts = chains.map((chain) => verifyAuditChain(given().db, audit, chain, world().time.nowMs));
      expect(await Promise.all(verdicts)).toMatchObject([
        { is: 'intact', events: 2, keyedFromSeq: 2 },
        { is: 'intact', events: 1, keyedFromSeq: 1 },
      ]);
    });

    test('closes each chain that ends under a lost key, so that none is a fault later because nothing happened in it', async () => {
      const { id } = await makeOrganization(world().root);
      const untilMs = world().time.nowMs + DAY_MS;
      const key = { key: newDataKey(), unkeyedUntilMs: untilMs, isReplaced: true };
      const audit = { ...world().deps.audit, key };
      const { rows } = await given().db.execute('select 1 from audit_heads');
      expect(await run(closeAuditChainsJob({ audit }))).toBe(`Closed ${rows.length} audit chains.`);
      expect(await run(closeAuditChainsJob({ audit }))).toBe('Closed 0 audit chains.');
      expect(await verifyAuditChain(given().db, audit, id, untilMs + 1)).toMatchObject({
        is: 'intact',
        events: 2,
        keyedFromSeq: 2,
      });
    });
  });

  describe('retention', () => {
    const keptDays = async (table: string, organizationId: string) => {
      const rows = await rowsOf(`select admitted_at from ${table} where organization_id = '${organizationId}' order by 1 desc`);
      return rows.map((row) => Math.round((world().time.nowMs - new Date(row.admitted_at as string).getTime()) / DAY_MS));
    };
    const partitions = async () =>
      (await rowsOf(`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid order by 1`)).map(
        (row) => row.name,
      );

    // promise: Data plane: the request log, with content stored only as the organization's `audit.content` says, encrypted with a per-organization key (destroying the key destroys the content), retained as it says.
    test('keeps of each organization what it says, and of the ledger everything', async () => {
      const audit = { content: 'full', content_retention_days: 10, event_retention_days: 60 };
      const brief = await makeOrganization(world().root, { audit });
      const forever = await makeOrganization(world().root);
      for (const { id } of [brief, forever]) for (const days of [1, 20, 70, 200]) await store(id, days);
      expect(await run(retentionJob({ logDaysMax: null }))).toContain('5 rows');
      expect(await keptDays('requests', brief.id)).toEqual([1, 20]);
      expect(await keptDays('request_content', brief.id)).toEqual([1]);
      expect(await keptDays('ledger_entries', brief.id)).toEqual([1, 20, 70, 200]);
      expect(await keptDays('requests', forever.id)).toEqual([1, 20, 70, 200]);
      expect(await keptDays('request_content', forever.id)).toEqual([1, 20, 70, 200]);
      expect(await run(retentionJob({ logDaysMax: null }))).toContain(' 0 rows');
    });

    test('goes on beside an organization whose stored days are none that can be set, which keeps everything', async () => {
      const brief = await makeOrganization(world().root, { audit: { content: 'off', event_retention_days: 60 } });
      const damaged = [];
      for (const days of [2_147_483_647, -2_147_483_648, -5]) {
        const { id } = await makeOrganization(world().root);
        await given().db.execute(`update organizations set event_retention_days = ${days} where id = '${id}'`);
        damaged.push(id);
      }
      for (const id of [brief.id, ...damaged]) for (const days of [1, 70]) await store(id, days);
      await run(retentionJob({ logDaysMax: null }));
      expect(await keptDays('requests', brief.id)).toEqual([1]);
      for (const id of damaged) expect(await keptDays('requests', id)).toEqual([1, 70]);
      await given().db.execute(
        `update organizations set event_retention_days = null where id = any(array['${damaged.join("','")}'])`,
      );
    });

    test('by the installation’s bound takes away months whole, and makes the months to come', async () => {
      const before = await partitions();
      expect(before).toContain('request_records_2025_08');
      await run(retentionJob({ logDaysMax: 90 }));
      const after = await partitions();
      expect(after).not.toContain('request_records_2025_08');
      expect(after).not.toContain('request_content_2025_08');
      expect(after).toContain('ledger_records_2025_08');
      expect(await run(partitionsJob())).toContain('2026-05');
      expect(await partitions()).toEqual(
        expect.arrayContaining(['request_records_2026_05', 'ledger_records_2026_05', 'request_content_2026_05']),
      );
      await store((await makeOrganization(world().root)).id, 200);
      expect(await partitions()).toContain('request_records_2025_08');
    });

    test('stops between two pieces of work when its process ends', async () => {
      const stopped = AbortSignal.abort();
      await expect(run(retentionJob({ logDaysMax: 90 }), stopped)).rejects.toThrow('stopped');
    });
  });

  describe('the repair of rollups', () => {
    const TABLES = ['rollups', 'team_rollups', 'organization_days', 'platform_rollups'];
    const picture = async () => {
      const texts: string[] = [];
      for (const table of TABLES) {
        const rows =
          await rowsOf(`select one::text as line from ${table} one where requests <> 0 or refused_requests <> 0 or total_tokens <> 0
          or estimated_requests <> 0 order by 1`);
        texts.push(...rows.map((row) => `${table} ${row.line}`));
      }
      return texts;
    };

    beforeAll(async () => {
      const organization = await makeOrganization(world().root);
      const { id } = await makeDeployment(world().root, 'repaired');
      const entries = [givenEntry({ nanoUsd: 1_000, deploymentId: id, provider: 'fake' })];
      for (const more of [
        {},
        { status: 'estimated' },
        { keyId: 'key_02', calledName: 'other' },
        { entries: [givenEntry({ nanoUsd: null, deploymentId: id, provider: 'fake' })] },
      ]) {
        await store(organization.id, 0, { deploymentId: id, provider: 'fake', entries, ...more });
      }
      await store(organization.id, 0, { status: 'refused', deploymentId: null, provider: '', entries: [], count: 3 });
      // What used nothing has no entry that names a provider: rows of the version before name none, ours their deployment's.
      const free = { deploymentId: id, entries: [], endpoint: 'count_tokens' };
      await store(organization.id, 0, { ...free, provider: undefined, calledName: 'counted before' });
      await store(organization.id, 0, { ...free, provider: 'fake', calledName: 'counted' });
    });

    test('finds nothing where nothing is wrong', async () => {
      expect(await run(repairJob({ logDaysMax: null }))).toContain(' 0 rows corrected');
    });

    test.each([
      ['a row lost in one place', [`delete from rollups where key_id = 'key_02'`]],
      [
        'counted twice',
        [`update rollups set requests = requests * 2, spend_nano_usd = spend_nano_usd * 2 where bucket_start >= '2026-03-10'`],
      ],
      [
        'hours alone',
        [
          `update team_rollups set admitted = admitted + 5 where hour_start >= '2026-03-10'`,
          `delete from organization_days where day_start >= '2026-03-10'`,
        ],
      ],
      ['the platform’s alone', [`delete from platform_rollups where bucket_start >= '2026-03-10'`]],
    ])('puts right: %s', async (_name, damages) => {
      const before = await picture();
      for (const damage of damages) await given().db.execute(damage);
      expect(await picture()).not.toEqual(before);
      expect(await run(repairJob({ logDaysMax: null }))).not.toContain(' 0 rows');
      expect(await picture()).toEqual(before);
    });

    test('does not count anew what the log has lost by retention', async () => {
      const organization = await makeOrganization(world().root, { audit: { content: 'off', event_retention_days: 1 } });
      await store(organization.id, 2);
      const requests = () =>
        rowsOf(`select requests, spend_nano_usd from organization_days where organization_id = '${organization.id}'`);
      const before = await requests();
      await run(retentionJob({ logDaysMax: null }));
      await run(repairJob({ logDaysMax: null }));
      expect(await requests()).toEqual(before);
      expect(before).toHaveLength(1);
    });
  });

  test('the sweeper takes away what ran out and leaves the rest', async () => {
    await given().db.execute(`insert into process_leases values
      ('replica:old', '{}', now() - interval '2 hours'), ('replica:held', '{}', now() + interval '20 seconds')`);
    await given().db.execute(`insert into idempotency_keys (caller, key, request_hash, created_at) values
      ('a', 'old', 'x', '2026-03-09T10:00:00Z'), ('a', 'young', 'x', '2026-03-10T11:00:00Z')`);
    expect(await run(sweepJob())).toContain('1 stored answers');
    expect(await rowsOf('select name from process_leases')).toEqual([{ name: 'replica:held' }]);
    expect(await rowsOf('select key from idempotency_keys')).toEqual([{ key: 'young' }]);
  });

  test('a replaced secret is deleted once its time is over, and the credential stays as it is', async () => {
    const { root, deps } = world();
    const made = must(await root('POST', '/credentials', { name: 'swept', provider: 'openai', api_key: 'sk-first-0123456789' }));
    must(await root('PATCH', `/credentials/${made.id}`, { api_key: 'sk-second-0123456789', keep_previous_hours: 1 }));
    const stored = async () => {
      const [row] = await deps.db.select().from(credentials).where(eq(credentials.id, made.id));
      return row as NonNullable<typeof row>;
    };
    await run(sweepJob());
    expect((await stored()).otherSealed).not.toBeNull();
    world().time.nowMs += 3_600_001;
    await run(sweepJob());
    expect(await stored()).toMatchObject({ otherSealed: null, otherLastFour: '', otherUntil: null, version: 2 });
    expect(openKey(deps.keys.credentials, await stored())).toBe('sk-second-0123456789');
    world().time.nowMs -= 3_600_001;
    must(await root('DELETE', `/credentials/${made.id}`));
  });

  test('while two secrets count, the check says so of a refusal of the newer one', async () => {
    const { root, deps } = world();
    const made = must(
      await root('POST', '/credentials', { name: 'overlap', provider: 'openai', api_key: 'sk-first-0123456789' }),
    );
    must(await root('PATCH', `/credentials/${made.id}`, { api_key: 'sk-second-0123456789' }));
    const opener = { key: deps.keys.credentials, ambientClouds: new Set<never>() };
    const listModels = async () => ({ ok: false, status: 401, message: 'invalid key' }) as const;
    await run(credentialJob({ listModels, opener, announcer }));
    const { last_check, previous_secret } = must(await root('GET', `/credentials/${made.id}`));
    expect(last_check).toMatchObject({ ok: false, refused_since: expect.any(String) });
    expect(last_check.message).toBe(`invalid key (the secret before it counts until ${previous_secret.valid_until})`);
    expect(told.splice(0)).toMatchObject([{ type: 'credential.failing' }]);
    must(await root('DELETE', `/credentials/${made.id}`));
  });

  test('a credential that its provider refuses is told of once, and once when it works again', async () => {
    const { id } = must(
      await world().root('POST', '/credentials', { name: 'checked', provider: 'openai', api_key: 'sk-secret-of-ours' }),
    );
    const key = world().deps.keys.credentials;
    const asked: string[] = [];
    const answer = (listModels: Parameters<typeof credentialJob>[0]['listModels']) =>
      run(credentialJob({ listModels, opener: { key, ambientClouds: new Set() }, announcer }));
    const shown = async () => must(await world().root('GET', `/credentials/${id}`)).last_check;
    expect(await shown()).toBeNull();
    // A vendor without a list of models is not asked, and nothing is known of its credential.
    await answer(async () => ({ ok: false, status: null, message: 'no list', isUnasked: true }));
    expect(await shown()).toBeNull();
    await answer(async (credential) => {
      asked.push(credential.apiKey);
      return { ok: true, models: [] };
    });
    expect(asked).toEqual(['sk-secret-of-ours']);
    expect(await shown()).toMatchObject({ ok: true, refused_since: null });
    await answer(async () => ({ ok: false, status: null, message: 'no connection' }));
    expect([await shown(), told]).toMatchObject([{ ok: false, message: 'no connection', refused_since: null }, []]);
    const refusal = async () => ({ ok: false, status: 401, message: 'invalid key' }) as const;
    await answer(refusal);
    world().time.nowMs += 60_000;
    await answer(refusal);
    expect((await shown()).refused_since).toBe('2026-03-10T12:00:00.000Z');
    for (const status of [null, 503, 429]) await answer(async () => ({ ok: false, status, message: 'try later' }));
    expect(await shown()).toMatchObject({ ok: false, message: 'try later', refused_since: '2026-03-10T12:00:00.000Z' });
    expect(told.map(({ type }) => type)).toEqual(['credential.failing']);
    await answer(async () => ({ ok: true, models: [] }));
    expect(told.splice(0)).toMatchObject([
      { type: 'credential.failing', data: { credential: { name: 'checked' }, message: 'invalid key' } },
      { type: 'credential.recovered' },
    ]);
  });

  test('a credential whose row was changed behind the API is not asked about, is said to be so, and keeps no other from being checked', async () => {
    await given().db.delete(processLeases);
    const make = (name: string, base_url: string) =>
      world().root('POST', '/credentials', { name, provider: 'openai', api_key: `sk-of-${name}-0123456789`, base_url });
    const [moved, other] = [
      must(await make('moved', 'https://own.example/v1')),
      must(await make('other', 'https://other.example/v1')),
    ];
    await given().db.execute(`update credentials set base_url = 'https://evil.example/v1' where id = '${moved.id}'`);
    const asked: string[] = [];
    const listModels = async ({ id, baseUrl }: CredentialConfig) => {
      asked.push(`${id} ${baseUrl}`);
      return { ok: true, models: [] } as const;
    };
    const opener = { key: world().deps.keys.credentials, ambientClouds: new Set<never>() };
    await run(credentialJob({ listModels, opener, announcer }));
    expect(asked).toContain(`${other.id} https://other.example/v1`);
    expect(asked.join()).not.toMatch(new RegExp(`${moved.id}|evil`));
    const shown = must(await world().root('GET', `/credentials/${moved.id}`)).last_check;
    expect(shown).toMatchObject({
      ok: false,
      message: expect.stringContaining('the secret of the credential again'),
      refused_since: null,
    });
  });

  test('keys that a version before stored are sealed for their addresses once its replicas are gone', async () => {
    const key = world().deps.keys.credentials;
    const made = { name: 'older', provider: 'openai', api_key: 'sk-of-older-0123456789', base_url: 'https://own.example/v1' };
    const { id } = must(await world().root('POST', '/credentials', made));
    const { db } = given();
    await db.delete(processLeases);
    await run(bindKeysJob({ key }));
    await db
      .update(credentials)
      .set({ sealed: seal(key, made.api_key, id), sealedFor: 'row' })
      .where(eq(credentials.id, id));
    const lease = await acquireLease(db, { name: 'replica:older', onLost: () => {} });
    expect(await run(bindKeysJob({ key }))).toContain('an older version may still be running');
    await lease.release();
    expect(await run(bindKeysJob({ key }))).toBe('Sealed 1 provider keys for their addresses.');
    expect(await run(bindKeysJob({ key }))).toBe('Sealed 0 provider keys for their addresses.');
    const [row] = await db.select().from(credentials).where(eq(credentials.id, id));
    expect([row?.sealedFor, openKey(key, row as NonNullable<typeof row>)]).toEqual(['address', made.api_key]);
  });

  test('content keys that a version before wrapped with the master key leave it', async () => {
    const { content } = world().deps.keys;
    const made = { slug: 'from-before', name: 'From before' };
    const { id } = must(await world().root('POST', '/organizations', made));
    const key = newDataKey();
    const older = { contentKey: wrapKey(content.master, key, contentKeyPurpose(id)), contentKeyBy: 'master' as const };
    await given().db.update(organizations).set(older).where(eq(organizations.id, id));
    expect(await run(bindContentKeysJob({ wrappers: content }))).toBe('Wrapped 1 content keys with the installation’s key.');
    expect(await run(bindContentKeysJob({ wrappers: content }))).toBe('Wrapped 0 content keys with the installation’s key.');
    const [row] = await given().db.select().from(organizations).where(eq(organizations.id, id));
    const wrapped = { bytes: row?.contentKey as Buffer, by: row?.contentKeyBy ?? 'master' };
    expect(openContentKey(content, id, wrapped).equals(key)).toBe(true);
  });

  test('a list price that changed is proposed, and changes nothing until somebody adopts it', async () => {
    const own = { model: 'own-price', provider: 'fake', upstream_model: 'x', mode: 'chat', prices: { input_per_million: '3' } };
    must(await world().root('POST', '/deployments', own));
    const { id } = must(await world().root('POST', '/deployments', { ...own, model: 'list-price', prices: undefined }));
    const proposals = async () => must(await world().root('GET', '/prices/proposals')).data;
    const inForce = async () => must(await world().root('GET', `/deployments/${id}`)).prices;
    await run(priceJob({ priceFor, announcer }));
    expect(await proposals()).toEqual([]);
    listed = { perMillion: { input: 2_000_000_000 } };
    await run(priceJob({ priceFor, announcer }));
    await run(priceJob({ priceFor, announcer }));
    expect(told.splice(0)).toEqual([
      { type: 'prices.changed', data: { deployments: expect.arrayContaining([{ deployment_id: id, model: 'list-price' }]) } },
    ]);
    const ofIt = (await proposals()).find((one: { deployment_id: string }) => one.deployment_id === id);
    expect(ofIt).toMatchObject({ prices: { input_per_million: '1.00' }, proposed: { input_per_million: '2.00' } });
    expect((await proposals()).some((one: { model: string }) => one.model === 'own-price')).toBe(false);
    expect(await inForce()).toMatchObject({ input_per_million: '1.00' });
    must(await world().root('POST', `/prices/proposals/${id}/dismiss`));
    await run(priceJob({ priceFor, announcer }));
    expect((await proposals()).some((one: { deployment_id: string }) => one.deployment_id === id)).toBe(false);
    must(await world().root('POST', `/prices/proposals/${id}/adopt`));
    expect(await inForce()).toMatchObject({ input_per_million: '2.00' });
    const [event] = must(await world().root('GET', '/audit-events?action=price.adopt')).data;
    expect(event).toMatchObject({ object: { id }, after: { prices: { input_per_million: '2.00' } } });
  });

  test('a list that begins to price searches or a tier differs, also when it was dismissed before; adopting names the list', async () => {
    const { root } = world();
    listed = { perMillion: { input: 1 } };
    const body = { model: 'list-units', provider: 'fake', upstream_model: 'x', mode: 'chat' };
    const { id } = must(await root('POST', '/deployments', body));
    const open = async () =>
      must(await root('GET', '/prices/proposals')).data.filter((one: { deployment_id: string }) => one.deployment_id === id);
    const units: PriceUnits = {
      perUnit: { search: 10_000_000 },
      contextTiers: [{ aboveInputTokens: 200_000, perMillion: { input: 2 } }],
    };
    listed = { perMillion: { input: 1 }, units };
    await run(priceJob({ priceFor, announcer }));
    const proposed = {
      input_per_million: '0.000000001',
      per_unit: { search: '0.01' },
      context_tiers: [{ above_input_tokens: 200_000, input_per_million: '0.000000002' }],
    };
    expect(await open()).toMatchObject([{ prices: { input_per_million: '0.000000001' }, proposed }]);
    must(await root('POST', `/prices/proposals/${id}/dismiss`));
    await run(priceJob({ priceFor, announcer }));
    expect(await open()).toEqual([]);
    listed = { perMillion: { input: 1 }, units: { ...units, perUnit: { search: 20_000_000 } } };
    await run(priceJob({ priceFor, announcer }));
    expect(await open()).toHaveLength(1);
    must(await root('POST', `/prices/proposals/${id}/adopt`));
    const { prices, prices_from } = must(await root('GET', `/deployments/${id}`));
    expect(prices).toEqual({ ...proposed, per_unit: { search: '0.02' } });
    expect(prices_from).toEqual({ source: 'list', source_version: 'list 7', created_by: expect.stringMatching(/^adm_/) });
    await run(priceJob({ priceFor, announcer }));
    expect(await open()).toEqual([]);
    // The same with empty parts is the same.
    listed = { ...listed, units: { ...listed.units, serviceTiers: {} } };
    await run(priceJob({ priceFor, announcer }));
    expect(await open()).toEqual([]);
    told.splice(0);
  });
});
