/**
 * The sums that alert rules compare. They come from rollups of a quarter of an hour or an hour, and failures from the index of
 * requests that did not succeed, so that they cost little however many requests there are.
 */
import { and, eq, gte, inArray, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import {
  credentialChecks,
  credentials,
  deployments,
  isUnsuccessful,
  platformRollups,
  requestLog,
  rollups,
  teamRollups,
} from '../schema.ts';

/** The requests of an organization or of the platform since a time. */
export interface RequestSums {
  readonly admitted: number;
  readonly failed: number;
  readonly refused: number;
}

/** The key of the platform's own sums. */
export const PLATFORM = '';

/**
 * Returns the requests since a time, by organization, and those of the platform under PLATFORM. `since` is the start of a quarter
 * of an hour. `failed` has every organization with failures, whether it was asked for or not.
 */
export async function requestSums(
  db: Database,
  organizationIds: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, RequestSums>> {
  const failures = await db
    .select({ id: requestLog.organizationId, failed: sql<string>`sum(${requestLog.count})` })
    .from(requestLog)
    .where(and(eq(requestLog.status, 'failed'), isUnsuccessful(requestLog.status), gte(requestLog.admittedAt, since)))
    .groupBy(requestLog.organizationId);
  const failed = new Map(failures.map((row) => [row.id, Number(row.failed)]));
  const sums = { admitted: sql<string>`coalesce(sum(admitted), 0)`, refused: sql<string>`coalesce(sum(refused_requests), 0)` };
  const [all] = await db.select(sums).from(platformRollups).where(gte(platformRollups.bucketStart, since));
  const own =
    organizationIds.length === 0
      ? []
      : await db
          .select({ id: rollups.organizationId, ...sums })
          .from(rollups)
          .where(and(inArray(rollups.organizationId, [...organizationIds]), gte(rollups.bucketStart, since)))
          .groupBy(rollups.organizationId);
  const total = [...failed.values()].reduce((sum, one) => sum + one, 0);
  const platform = { admitted: Number(all?.admitted ?? 0), refused: Number(all?.refused ?? 0), failed: total };
  return new Map([
    [PLATFORM, platform],
    ...own.map(
      (row) =>
        [row.id, { admitted: Number(row.admitted), refused: Number(row.refused), failed: failed.get(row.id) ?? 0 }] as const,
    ),
  ]);
}

/** A question for the spend of some hours. */
export interface SpendQuestion {
  /** PLATFORM for all organizations together. */
  readonly organizationId: string;
  /** The zone in which a weekday and an hour are the same in another week. */
  readonly timeZone: string;
  readonly hours: number;
}

export interface SpendSums {
  readonly nanoUsd: number;
  readonly requests: number;
  /** The spend of the same hours in the past weeks, the last one first, as far back as there was use at all. */
  readonly pastNanoUsd: readonly number[];
}

/** Returns the spend of the hours before `to`, a whole hour, and of the same hours and weekday of past weeks. In the order asked. */
export async function spendSums(
  db: Database,
  asked: readonly SpendQuestion[],
  { to, weeks }: { readonly to: Date; readonly weeks: number },
): Promise<readonly SpendSums[]> {
  if (asked.length === 0) return [];
  const { rows } = await db.execute<{ nth: string; week: number; spend: string; requests: string; known: boolean }>(sql`
    with asked as (
      select id, zone, hours, nth from unnest(${sql.param(asked.map((one) => one.organizationId))}::text[],
        ${sql.param(asked.map((one) => one.timeZone))}::text[], ${sql.param(asked.map((one) => one.hours))}::integer[])
        with ordinality as t(id, zone, hours, nth)),
    spans as (
      select id, nth, week, hours, ((${to}::timestamptz at time zone zone) - week * interval '7 days') at time zone zone as until
      from asked, generate_series(0, ${weeks}::integer) as week)
    select nth, week, coalesce(spend, 0) as spend, coalesce(requests, 0) as requests,
      first_use <= until - hours * interval '1 hour' as known
    from spans,
      lateral (select case when id = '' then (select min(bucket_start) from ${platformRollups})
        else (select min(hour_start) from ${teamRollups} where organization_id = id) end as first_use) as used,
      lateral (select sum(spend_nano_usd) as spend, sum(admitted) as requests from (
        select spend_nano_usd, admitted from ${teamRollups}
        where id <> '' and organization_id = id and hour_start >= until - hours * interval '1 hour' and hour_start < until
        union all
        select spend_nano_usd, admitted from ${platformRollups}
        where id = '' and bucket_start >= until - hours * interval '1 hour' and bucket_start < until) as parts) as sums
    order by nth, week`);
  const byNth = Map.groupBy(rows, (row) => Number(row.nth));
  return asked.map((_, index) => {
    const [now, ...past] = byNth.get(index + 1) ?? [];
    return {
      nanoUsd: Number(now?.spend ?? 0),
      requests: Number(now?.requests ?? 0),
      pastNanoUsd: past.filter(({ known }) => known).map(({ spend }) => Number(spend)),
    };
  });
}

/** Returns the names of the enabled deployments by id: the model, and the upstream model where it differs. */
export async function deploymentNames(db: Database): Promise<ReadonlyMap<string, string>> {
  const { id, model, upstreamModel } = deployments;
  const rows = await db
    .select({ id, model, upstreamModel })
    .from(deployments)
    .where(and(isNull(deployments.deletedAt), eq(deployments.enabled, true)));
  return new Map(
    rows.map((row) => [row.id, row.model === row.upstreamModel ? row.model : `${row.model} (${row.upstreamModel})`]),
  );
}

/** A credential that its provider refuses, or that has a known end. */
export interface CredentialState {
  readonly id: string;
  readonly name: string;
  readonly isRefused: boolean;
  readonly expiresAt: Date | null;
}

/** Returns the platform's. What organizations brought is not the platform's to watch. */
export async function credentialStates(db: Database): Promise<readonly CredentialState[]> {
  return db
    .select({
      id: credentials.id,
      name: credentials.name,
      isRefused: sql<boolean>`${credentialChecks.failingSince} is not null`,
      expiresAt: credentials.expiresAt,
    })
    .from(credentials)
    .leftJoin(credentialChecks, eq(credentialChecks.credentialId, credentials.id))
    .where(eq(credentials.owner, ''));
}
