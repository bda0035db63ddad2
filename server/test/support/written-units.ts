/** Units in the records of a request that was made without any: for tests of what shows them. */
import { sql } from 'drizzle-orm';
import type { OpenDatabase } from '../../src/store/database.ts';
import * as schema from '../../src/store/schema.ts';

const QUARTER_MS = 900_000;

interface Units {
  readonly units: Readonly<Record<string, number>>;
  readonly serviceTier: string;
  /** The one of them that had no price. */
  readonly unpriced: string;
}

/** Writes what the ledger writer would keep of such an answer. False: the request is not stored yet. */
export async function writeUnits(
  { db }: OpenDatabase,
  requestId: string,
  { units, serviceTier, unpriced }: Units,
): Promise<boolean> {
  const { hasId, ledger, ledgerRecords, requestRecords, unitRollups } = schema;
  const [entry] = await db.select().from(ledger).where(hasId(ledger.requestId, requestId));
  if (entry === undefined) return false;
  const told = { otherUsage: units, serviceTier, unpricedUnits: unpriced };
  const isIt = sql`request_id = short_id('req', ${requestId})`;
  await db.update(ledgerRecords).set(told).where(isIt);
  await db.update(requestRecords).set({ otherUsage: units, partlyPriced: true }).where(isIt);
  const whose = {
    organizationId: entry.organizationId,
    bucketStart: new Date(Math.floor(entry.admittedAt.getTime() / QUARTER_MS) * QUARTER_MS),
    teamId: entry.teamId,
    keyId: entry.keyId,
    memberId: entry.memberId ?? '',
    serviceAccountId: entry.serviceAccountId ?? '',
    calledName: entry.calledName,
    deploymentId: entry.deploymentId,
    provider: entry.provider,
  };
  const rows = Object.entries(units).map(([unit, quantity]) => ({
    ...{ ...whose, unit, uses: 1, quantity },
    unpricedQuantity: unit === unpriced ? quantity : 0,
  }));
  await db.insert(unitRollups).values(rows).onConflictDoNothing();
  return true;
}
