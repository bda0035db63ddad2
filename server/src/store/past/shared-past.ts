/**
 * The past of counters that many processes share. It is read from one snapshot of the ledger, and every row counts exactly once.
 */
import { type SQL, sql } from 'drizzle-orm';
import { type CounterSpec, countsUse, type PlanUse } from '../../domain/limits/limit-plan.ts';
import type { AskedPast, PastFrom, Recorded, UnstoredUse } from '../../domain/usage/asked-past.ts';
import { requestIdAt, requestTail } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { hasIdIn, ledger, requestLog } from '../schema.ts';
import type { UsePoint } from '../usage/usage.ts';
import { instantOf, type Span } from '../usage/usage-rows.ts';
import type { PastQuestion } from './folded-past.ts';
import { createPastReader, type Exactness } from './past-reader.ts';
import { createPatience } from './patience.ts';

interface Question extends PastQuestion {
  readonly counter: CounterSpec;
  readonly begin: () => Promise<AskedPast>;
}

/** The uses that were settled and not yet stored when the question began. */
interface Fixed {
  readonly unstored: readonly UnstoredUse[];
  readonly order: number;
  readonly recorded: () => Promise<readonly Recorded[]>;
}

export interface SharedPast {
  readonly ask: PastFrom;
  /** Waits for an answer on behalf of a request: see patience.ts. */
  readonly patience: (answered: Promise<void>) => Promise<void>;
}

/**
 * Reads usage from the ledger, adds settled usage that is not yet in it, and leaves out requests that the counters settle
 * themselves later. `groupsOf` returns the present access groups of a called name. Rejects with StoreError if the database is
 * unavailable.
 */
export function createSharedPast(db: Database, groupsOf: (calledName: string) => ReadonlySet<string>): SharedPast {
  const reader = createPastReader<Question, Fixed>(db, exactness(db, groupsOf));
  return {
    ask: (counter, fromMs, toMs, begin) => reader.ask({ counter, fromMs, toMs, begin }),
    patience: createPatience(reader.answered),
  };
}

function exactness(db: Database, groupsOf: (calledName: string) => ReadonlySet<string>): Exactness<Question, Fixed> {
  const begun = new WeakMap<Question, Promise<AskedPast>>();
  return { fix, read, release: () => {} };

  /** Returns the state of each question when Redis was first asked, also when the question is read again. */
  async function fix(questions: readonly Question[]): Promise<readonly (Fixed | null)[]> {
    const asked = await Promise.all(
      questions.map((question) => {
        const known = begun.get(question) ?? question.begin();
        begun.set(question, known);
        return known;
      }),
    );
    return asked.map(({ unstored, order, recorded }) => (unstored === null ? null : { unstored, order, recorded }));
  }

  function read<T extends { readonly snapshot: string }>(
    parts: readonly (Span & { readonly question: Question; readonly fixed: Fixed })[],
    run: (at: Database) => Promise<T>,
  ) {
    return db.transaction(
      async (tx) => {
        // The first statement takes the snapshot that all statements read.
        const found = await run(tx);
        const recorded = await recordedBy(parts);
        const later = parts.map((part) => laterOf(part, recorded.get(part.question.counter.organizationId) ?? []));
        const known = await knownUses(tx, requestsOf(parts, later));
        const moves = parts.map((part, index) => movesOf(part, later[index] ?? [], known, groupsOf));
        return { found, moves };
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
  }
}

type Part = Span & { readonly question: Question; readonly fixed: Fixed };

/** Reads each organization's records once, after the snapshot was taken, through the oldest of its questions. */
async function recordedBy(parts: readonly Part[]): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  const first = new Map<string, Fixed>();
  for (const { question, fixed } of parts) {
    const { organizationId } = question.counter;
    if (fixed.order < (first.get(organizationId)?.order ?? Number.POSITIVE_INFINITY)) first.set(organizationId, fixed);
  }
  return new Map(await Promise.all([...first].map(async ([id, fixed]) => [id, await fixed.recorded()] as const)));
}

/** Returns the records that were settled after the question began, and not before. */
function laterOf({ fixed: { unstored, order } }: Part, recorded: readonly Recorded[]): readonly Recorded[] {
  const before = new Set(unstored.map(({ tail }) => tail));
  return recorded.filter(({ tail, storedAfter }) => storedAfter >= order && !before.has(tail));
}

/** A request to look for in the ledger. */
interface Sought extends Pick<Recorded, 'tail' | 'atMs'> {
  readonly organizationId: string;
}

function requestsOf(parts: readonly Part[], later: readonly (readonly Recorded[])[]): readonly Sought[] {
  const sought = new Map<string, Sought>();
  for (const [index, part] of parts.entries()) {
    const { organizationId } = part.question.counter;
    for (const { tail, atMs } of [...part.fixed.unstored, ...(later[index] ?? [])]) {
      if (isWithin(part, atMs)) sought.set(nameOf(organizationId, tail), { organizationId, tail, atMs });
    }
  }
  return [...sought.values()];
}

/**
 * Returns the corrections: adds usage settled before and not in the snapshot, and subtracts usage in the snapshot and settled
 * later.
 */
function movesOf(
  part: Part,
  later: readonly Recorded[],
  known: ReadonlyMap<string, KnownUse>,
  groupsOf: (calledName: string) => ReadonlySet<string>,
): readonly UsePoint[] {
  const { counter } = part.question;
  const knownOf = ({ tail }: Pick<Recorded, 'tail'>) => known.get(nameOf(counter.organizationId, tail));
  const missing = part.fixed.unstored.filter(
    (use) => isWithin(part, use.atMs) && countsUse(counter, use.use, groupsOf) && knownOf(use) === undefined,
  );
  const early = later.flatMap((one) => knownOf(one) ?? []);
  const counted = early.filter((use) => isWithin(part, use.atMs) && countsUse(counter, use, groupsOf));
  return [
    ...missing.map(({ atMs, tokens, nanoUsd }) => ({ atMs, amount: amountOf(counter, { requests: 1, tokens, nanoUsd }) })),
    ...counted.map((use) => ({ atMs: use.atMs, amount: -amountOf(counter, use) })),
  ].filter(({ amount }) => amount !== 0);
}

function amountOf(
  { unit }: CounterSpec,
  { requests, tokens, nanoUsd }: Pick<KnownUse, 'requests' | 'tokens' | 'nanoUsd'>,
): number {
  return unit === 'requests' ? requests : unit === 'tokens' ? tokens : nanoUsd;
}

function isWithin({ fromMs, toMs }: Span, atMs: number): boolean {
  return atMs >= fromMs && atMs < toMs;
}

function nameOf(organizationId: string, tail: string): string {
  return `${organizationId} ${tail}`;
}

/** The usage of a request in the ledger. */
interface KnownUse extends PlanUse {
  readonly atMs: number;
  readonly requests: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** Returns the usage of those of these requests that are in the log, by organization and tail of the request id. */
async function knownUses(tx: Database, sought: readonly Sought[]): Promise<ReadonlyMap<string, KnownUse>> {
  if (sought.length === 0) return new Map();
  const text = (of: (one: Sought) => string) => sql.param(sought.map(of));
  const times = sought.map(({ atMs }) => atMs);
  const rows = await tx.execute<
    Record<'organization_id' | 'request_id' | 'team_id' | 'key_id' | 'called_name', string> & KnownRow
  >(sql`
    select l.*, coalesce(used.tokens, 0)::float8 as tokens, coalesce(used.nano_usd, 0)::float8 as nano_usd
    from unnest(${text(({ organizationId }) => organizationId)}::text[], ${text(({ atMs }) => new Date(atMs).toISOString())}::timestamptz[],
        ${text(({ tail, atMs }) => requestIdAt(tail, atMs))}::text[]) as q(organization_id, admitted_at, request_id),
      lateral (select organization_id, request_id, team_id, member_id, key_id, called_name,
          tags, end_user, (extract(epoch from admitted_at) * 1000)::float8 as at_ms, (case when status = 'refused' then 0 else count end)::float8 as requests
        from ${requestLog} as l where ${isSought('l', times)} offset 0) as l,
      lateral (select sum(total_tokens) as tokens, sum(nano_usd) as nano_usd from ${ledger} as o where ${isSought('o', times)}) as used`);
  return new Map(
    rows.rows.map((row) => [
      nameOf(row.organization_id, requestTail(row.request_id)),
      {
        ...{ teamId: row.team_id, memberId: row.member_id, keyId: row.key_id, calledName: row.called_name },
        labels: { tags: row.tags ?? [], endUser: row.end_user },
        ...{ atMs: row.at_ms, requests: row.requests, tokens: row.tokens, nanoUsd: row.nano_usd },
      },
    ]),
  );
}

type KnownRow = Record<'at_ms' | 'requests' | 'tokens' | 'nano_usd', number> & {
  readonly member_id: string | null;
  readonly tags: readonly string[] | null;
  readonly end_user: string | null;
};

/**
 * Returns the condition for rows of the request `q`. Its constant bounds let PostgreSQL skip the partitions of other months. Use
 * it in a subquery that is not merged into its query, because only there each table's index is used.
 */
function isSought(table: string, times: readonly number[]): SQL {
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return sql`${hasIdIn(table, 'organization_id', sql`q.organization_id`)} and ${sql.raw(table)}.admitted_at = q.admitted_at
    and ${hasIdIn(table, 'request_id', sql`q.request_id`)} and ${sql.raw(table)}.admitted_at between ${instantOf(first)} and ${instantOf(last)}`;
}
