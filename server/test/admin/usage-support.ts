/** Settled requests for suites of the admin API, stored by the ledger writer's own statement. */
import { endLine, shapeLine } from '../../src/journal/lines.ts';
import type { EndRecord } from '../../src/journal/records.ts';
import type { DatabaseKind, OpenDatabase } from '../../src/store/database.ts';
import { STORE_LINES } from '../../src/store/ledger-statement.ts';
import { newPartitions } from '../../src/store/partitions.ts';

export interface Shape {
  readonly organizationId: string;
  readonly id: string;
  readonly rules: unknown;
}

export async function storeRecords(
  { db, pool }: OpenDatabase,
  kind: DatabaseKind,
  records: readonly EndRecord[],
  shapes: readonly Shape[] = [],
): Promise<void> {
  await newPartitions(db, kind).ensure(records.map((record) => record.admittedAtMs));
  const lines = [
    ...records.map((record) => endLine(record)),
    ...shapes.map(({ organizationId, id, rules }) => shapeLine(organizationId, id, JSON.stringify(rules))),
  ].join('');
  await pool.query(STORE_LINES, [lines.slice(0, -1)]);
}
