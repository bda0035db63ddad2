/** Stored responses of the Responses API. Every query names its organization, but for those of the job that ends them. */
import { and, asc, count, eq, gt, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { ResponsePlace } from '../../domain/tenancy/stored-responses.ts';
import type { Database } from '../database.ts';
import { organizations, storedResponses, teams } from '../schema.ts';

export type NewStoredResponse = typeof storedResponses.$inferSelect;

/** The address of one stored response. */
export interface ResponseAddress {
  readonly organizationId: string;
  readonly id: string;
}

/** A stored response without its content. */
export interface ResponseLink extends ResponsePlace {
  readonly id: string;
  readonly previousId: string | null;
}

/** The two sealed values of a stored response. */
export interface SealedResponse {
  readonly sealedInput: Buffer;
  readonly sealedOutput: Buffer;
}

/** A chain of responses, newest first. */
export interface StoredChain {
  readonly links: readonly (ResponseLink & SealedResponse)[];
  /** True if it is longer or larger than the bounds. Then its links have no content, and the oldest ones may be missing. */
  readonly isTooLong: boolean;
}

/** The bounds of one chain. */
export interface ChainBounds {
  readonly linksMax: number;
  readonly bytesMax: number;
}

/** Stores responses. A response whose id is stored already stays as it is. */
export async function insert(db: Database, rows: readonly NewStoredResponse[]): Promise<void> {
  await db
    .insert(storedResponses)
    .values([...rows])
    .onConflictDoNothing();
}

/** Finds a response that has not ended. Returns null if there is none. */
export async function find(db: Database, address: ResponseAddress, at: Date): Promise<(ResponseLink & SealedResponse) | null> {
  const [row] = await db
    .select(COLUMNS)
    .from(storedResponses)
    .where(and(isAt(address), isLiving(at)));
  return row ?? null;
}

/**
 * Finds a response and those before it, in one statement. The chain ends before a link that ended or never existed: its oldest link
 * then names a previous one. Reads the content only if the whole chain is within the bounds.
 */
export async function findChain(
  db: Database,
  { organizationId, id }: ResponseAddress,
  at: Date,
  { linksMax, bytesMax }: ChainBounds,
): Promise<StoredChain> {
  const { rows } = await db.execute<ChainRow>(sql`
    with recursive chain as (
      select id, previous_id, bytes, 1 as link, bytes::bigint as total from ${storedResponses}
      where organization_id = ${organizationId} and id = ${id} and ${isLiving(at)}
      union all
      select ${storedResponses.id}, ${storedResponses.previousId}, ${storedResponses.bytes}, chain.link + 1,
        chain.total + ${storedResponses.bytes}
      from chain join ${storedResponses} on ${storedResponses.organizationId} = ${organizationId}
        and ${storedResponses.id} = chain.previous_id
      where chain.link <= ${linksMax} and chain.total <= ${bytesMax} and ${isLiving(at)}
    ), bounds as (select max(link) <= ${linksMax} and max(total) <= ${bytesMax} as fit from chain)
    select ${storedResponses.organizationId} as organization, ${storedResponses.id}, ${storedResponses.previousId} as previous,
      ${storedResponses.teamId} as team, ${storedResponses.keyId} as key, bounds.fit,
      case when bounds.fit then ${storedResponses.sealedInput} end as input,
      case when bounds.fit then ${storedResponses.sealedOutput} end as output
    from chain cross join bounds join ${storedResponses}
      on ${storedResponses.organizationId} = ${organizationId} and ${storedResponses.id} = chain.id
    order by chain.link`);
  return { links: rows.map(linkFrom), isTooLong: rows.some(({ fit }) => !fit) };
}

interface ChainRow extends Record<string, unknown> {
  readonly organization: string;
  readonly id: string;
  readonly previous: string | null;
  readonly team: string;
  readonly key: string;
  /** The same in every row of a chain. */
  readonly fit: boolean;
  readonly input: Buffer | null;
  readonly output: Buffer | null;
}

function linkFrom(row: ChainRow): ResponseLink & SealedResponse {
  return {
    organizationId: row.organization,
    id: row.id,
    teamId: row.team,
    keyId: row.key,
    previousId: row.previous,
    sealedInput: row.input ?? NOTHING,
    sealedOutput: row.output ?? NOTHING,
  };
}

const NOTHING = Buffer.alloc(0);

/** Deletes a response. Returns false if there was none. */
export async function remove(db: Database, address: ResponseAddress): Promise<boolean> {
  const gone = await db.delete(storedResponses).where(isAt(address)).returning({ id: storedResponses.id });
  return gone.length > 0;
}

/** Counts an organization's responses that have not ended. */
export async function countLiving(db: Database, organizationId: string, at: Date): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(storedResponses)
    .where(and(eq(storedResponses.organizationId, organizationId), isLiving(at)));
  return row?.total ?? 0;
}

/** Deletes expired responses, at most `rowsMax`. Returns their number. */
export function dropExpired(db: Database, at: Date, rowsMax: number): Promise<number> {
  const wanted = db
    .select(KEY)
    .from(storedResponses)
    .where(lte(storedResponses.expiresAt, at))
    .orderBy(asc(storedResponses.expiresAt))
    .limit(rowsMax);
  return drop(db, wanted.getSQL());
}

/** An organization that was deleted, or a deleted team of one, which has responses left. */
export interface EndedPlace {
  readonly organizationId: string;
  /** Null: all teams. */
  readonly teamId: string | null;
}

/** Returns up to `placesMax` deleted organizations and teams whose responses are not deleted yet. */
export async function endedPlaces(db: Database, placesMax: number): Promise<readonly EndedPlace[]> {
  const hasOf = (organization: SQL, more: SQL) =>
    sql`exists (select 1 from ${storedResponses} where ${storedResponses.organizationId} = ${organization} ${more})`;
  const ofOrganizations = await db
    .select({ organizationId: organizations.id, teamId: sql<null>`null` })
    .from(organizations)
    .where(and(eq(organizations.status, 'deleted'), hasOf(sql`${organizations.id}`, sql``)))
    .limit(placesMax);
  const ofTeams = await db
    .select({ organizationId: teams.organizationId, teamId: teams.id })
    .from(teams)
    .where(and(isNotNull(teams.deletedAt), hasOf(sql`${teams.organizationId}`, sql`and ${storedResponses.teamId} = ${teams.id}`)))
    .limit(placesMax);
  return [...ofOrganizations, ...ofTeams].slice(0, placesMax);
}

/** Deletes responses of an ended place, at most `rowsMax`. Returns their number. */
export function dropEnded(db: Database, { organizationId, teamId }: EndedPlace, rowsMax: number): Promise<number> {
  const ofTeam = teamId === null ? undefined : eq(storedResponses.teamId, teamId);
  const wanted = db
    .select(KEY)
    .from(storedResponses)
    .where(and(eq(storedResponses.organizationId, organizationId), ofTeam))
    .limit(rowsMax);
  return drop(db, wanted.getSQL());
}

async function drop(db: Database, wanted: SQL): Promise<number> {
  const { rowCount } = await db
    .delete(storedResponses)
    .where(sql`(${storedResponses.organizationId}, ${storedResponses.id}) in (${wanted})`);
  return rowCount ?? 0;
}

const KEY = { organizationId: storedResponses.organizationId, id: storedResponses.id };
const COLUMNS = {
  ...KEY,
  teamId: storedResponses.teamId,
  keyId: storedResponses.keyId,
  previousId: storedResponses.previousId,
  sealedInput: storedResponses.sealedInput,
  sealedOutput: storedResponses.sealedOutput,
};

function isAt({ organizationId, id }: ResponseAddress): SQL | undefined {
  return and(eq(storedResponses.organizationId, organizationId), eq(storedResponses.id, id));
}

/** Returns the condition for rows that have not expired and whose team exists. The job deletes the others a little later. */
function isLiving(at: Date): SQL {
  const team = sql`exists (select 1 from ${teams} where ${teams.organizationId} = ${storedResponses.organizationId}
    and ${teams.id} = ${storedResponses.teamId} and ${isNull(teams.deletedAt)})`;
  return sql`${gt(storedResponses.expiresAt, at)} and ${team}`;
}
