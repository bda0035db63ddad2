import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { testTrail } from '../../../test/support/audit-trail.ts';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { looksLikeKeySecret } from '../../lib/secrets.ts';
import { findKeyByHash, loadOrganization } from '../configuration/config.ts';
import { ledger, organizations, requestLog } from '../schema.ts';
import { listRequests } from '../usage/request-log.ts';
import { reportUsage } from '../usage/usage-report.ts';
import { AlreadySeeded, seed, seedSecret } from './seed.ts';

onEveryDatabase('load-size data', (given) => {
  const pepper = Buffer.alloc(32, 7);
  const audit = testTrail();
  const size = { organizations: 20, keys: 200, requests: 3_000, days: 3, untilMs: Date.UTC(2026, 4, 2) };

  test('is a whole tenancy whose keys work and whose ledger, log and rollups agree', async () => {
    const { db } = given();
    const told: string[] = [];
    await seed({ database: given(), pepper, audit }, size, (step, done, of) => told.push(`${step} ${done}/${of}`));
    expect(told).toEqual(['organizations 20/20', 'keys 200/200', 'requests 3000/3000']);
    expect(await db.$count(organizations)).toBe(20);
    expect(await db.$count(requestLog)).toBe(3_000);

    const hash = createHmac('sha256', pepper).update(seedSecret(42)).digest('hex');
    expect(looksLikeKeySecret(seedSecret(42))).toBe(true);
    const found = await findKeyByHash(db, hash);
    const organization = await loadOrganization(db, found?.organizationId ?? '');
    expect(organization?.teams.has(found?.key.teamId ?? '')).toBe(true);
    expect(organization?.budgets).toHaveLength(1);

    const span = { fromMs: size.untilMs - 3 * 86_400_000, toMs: size.untilMs };
    const report = await reportUsage(db, { ...span, groupBy: [], interval: null, timeZone: 'UTC', only: {} });
    const [owed] = await db.select({ spend: sql<string>`sum(nano_usd)`, tokens: sql<string>`sum(total_tokens)` }).from(ledger);
    expect(report.total.spend_nano_usd).toBe(BigInt(owed?.spend ?? 0));
    expect(report.total.total_tokens).toBe(BigInt(owed?.tokens ?? 0));
    expect(report.total.requests + report.total.refused_requests + report.total.estimated_requests).toBe(3_000n);
    expect((await listRequests(db, {}, { limit: 1 })).rows[0]?.keyId).toMatch(/^key_/);
  });

  test('is not loaded twice', async () => {
    await expect(seed({ database: given(), pepper, audit }, size, () => {})).rejects.toThrow(AlreadySeeded);
  });
});
