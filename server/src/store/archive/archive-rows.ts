/** Reads a month of the request log as lines of an archive, and adds it up. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import type { Partition } from '../partitions.ts';
import { type Form, isOfForm, orderColumns, orderedId, requestLog } from '../schema.ts';
import { ARCHIVE_COLUMN_NAMES, ARCHIVE_COLUMNS, type ArchivedTable, type ArchiveSums, SUMMED_COLUMNS } from './archive-format.ts';
import { csvLine } from './csv-cells.ts';

/** A month of one of the tables. */
export interface LogMonth {
  readonly table: ArchivedTable;
  readonly part: Partition;
}

const ROWS_AT_ONCE = 5_000;

/** Yields the lines of an archive, some thousands at a time, in order of time. Reads no more than is taken. */
export async function* archiveLines(db: Database, month: LogMonth, goOn: () => void): AsyncGenerator<string> {
  yield `${ARCHIVE_COLUMN_NAMES.join(',')}\n`;
  const [at, id] = orderColumns(formOf(month)) as [SQL, SQL];
  for (let after: { at: string | Date; id: string } | null = null; ; ) {
    goOn();
    const later =
      after === null
        ? sql`true`
        : sql`(${at}, ${id}) > (${new Date(after.at)}::timestamptz, ${orderedId(formOf(month), after.id)})`;
    const { rows } = await db.execute<{ at: string | Date; id: string; line: string }>(
      sql`select ${at} as at, requests.request_id as id, ${LINE} as line from ${requestLog}
        where ${isIn(month)} and ${later} order by ${at}, ${id} limit ${ROWS_AT_ONCE}`,
    );
    if (rows.length > 0) yield rows.map(({ line }) => line).join('');
    if (rows.length < ROWS_AT_ONCE) return;
    after = rows.at(-1) as { at: string | Date; id: string };
  }
}

/** Adds up a month as the database has it now. */
export async function sumsInDatabase(db: Database, month: LogMonth): Promise<ArchiveSums> {
  const sums = sql.raw(SUMMED_COLUMNS.map((name) => `coalesce(sum(${name}), 0)::text as ${name}`).join(', '));
  const { rows } = await db.execute<Record<'rows' | (typeof SUMMED_COLUMNS)[number], string>>(
    sql`select count(*)::text as rows, ${sums} from ${requestLog} where ${isIn(month)}`,
  );
  const { rows: count, ...rest } = rows[0] as Record<'rows' | (typeof SUMMED_COLUMNS)[number], string>;
  return { rows: count, sums: rest };
}

function formOf({ table }: LogMonth): Form {
  return table === 'request_records' ? 'short' : 'long';
}

function isIn(month: LogMonth): SQL {
  const { startMs, endMs } = month.part;
  const { admittedAt } = requestLog;
  return sql`${isOfForm(formOf(month))} and ${admittedAt} >= ${new Date(startMs)} and ${admittedAt} < ${new Date(endMs)}`;
}

/** The owner of a deployment never changes, and its row stays when it is deleted. */
const BYOK = "exists (select 1 from deployments where deployments.id = requests.deployment_id and deployments.owner <> '')";

/** A request as one line of the file. */
const LINE = sql.raw(csvLine('requests', ARCHIVE_COLUMNS, { byok: BYOK }));
