/** Stored responses of the Responses API. Every query names its organization, but for those of the job that ends them. */
import { and, count, eq, gt, or, type SQL, sql } from 'drizzle-orm';
import type { ResponsePlace } from '../../domain/tenancy/stored-responses.ts';
import type { Database } from '../database.ts';
import { storedResponses } from '../schema.ts';
import { isLiving } from './ended.ts';

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
  readonly status: string;
  /** The time until which a process vouches for a response in progress; null for all others. */
  readonly runningUntil: Date | null;
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

/**
 * Stores the end of a response in the background. One that was cancelled, deleted or ended before stays as it is.
 */
export async function end(db: Database, row: NewStoredResponse): Promise<void> {
  const { status, sealedInput, sealedOutput, bytes } = row;
  await db
    .update(storedResponses)
    .set({ status, sealedInput, sealedOutput, bytes, runningUntil: null })
    .where(and(isAt(row), isInProgress()));
}

/** Vouches for responses in progress until a time. Returns those that still are: others were cancelled or deleted. */
export async function renew(db: Database, addresses: readonly ResponseAddress[], until: Date): Promise<readonly string[]> {
  const rows = await db
    .update(storedResponses)
    .set({ runningUntil: until })
    .where(and(or(...addresses.map(isAt)), isInProgress()))
    .returning({ id: storedResponses.id });
  return rows.map(({ id }) => id);
}

/** Cancels a response in progress for which a process vouches. Returns false if there is none. */
export async function cancel(db: Database, address: ResponseAddress, at: Date): Promise<boolean> {
  const rows = await db
    .update(storedResponses)
    .set({ status: 'cancelled', runningUntil: null })
    .where(and(isAt(address), isInProgress(), gt(storedResponses.runningUntil, at)))
    .returning({ id: storedResponses.id });
  return rows.length > 0;
}

/** Finds a response that has not ended. Returns null if there is none. */
export async function find(db: Database, address: ResponseAddress, at: Date): Promise<(ResponseLink & SealedResponse) | null> {
  const [row] = await db
    .select(COLUMNS)
    .from(storedResponses)
    .where(and(isAt(address), isLiving(storedResponses, at)));
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
      where organization_id = ${organizationId} and id = ${id} and ${isLiving(storedResponses, at)}
      union all
      select ${storedResponses.id}, ${storedResponses.previousId}, ${storedResponses.bytes}, chain.link + 1,
        chain.total + ${storedResponses.bytes}
      from chain join ${storedResponses} on ${storedResponses.organizationId} = ${organizationId}
        and ${storedResponses.id} = chain.previous_id
      where chain.link <= ${linksMax} and chain.total <= ${bytesMax} and ${isLiving(storedResponses, at)}
    ), bounds as (select max(link) <= ${linksMax} and max(total) <= ${bytesMax} as fit from chain)
    select ${storedResponses.organizationId} as organization, ${storedResponses.id}, ${storedResponses.previousId} as previous,
      ${storedResponses.teamId} as team, ${storedResponses.keyId} as key, ${storedResponses.status}, bounds.fit,
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
  readonly status: string;
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
    status: row.status,
    runningUntil: null,
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
    .where(and(eq(storedResponses.organizationId, organizationId), isLiving(storedResponses, at)));
  return row?.total ?? 0;
}

const KEY = { organizationId: storedResponses.organizationId, id: storedResponses.id };
const COLUMNS = {
  ...KEY,
  teamId: storedResponses.teamId,
  keyId: storedResponses.keyId,
  previousId: storedResponses.previousId,
  status: storedResponses.status,
  runningUntil: storedResponses.runningUntil,
  sealedInput: storedResponses.sealedInput,
  sealedOutput: storedResponses.sealedOutput,
};

function isAt({ organizationId, id }: ResponseAddress): SQL | undefined {
  return and(eq(storedResponses.organizationId, organizationId), eq(storedResponses.id, id));
}

function isInProgress(): SQL {
  return eq(storedResponses.status, 'in_progress');
}
