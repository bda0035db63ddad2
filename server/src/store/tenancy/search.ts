/**
 * Searches all named objects: by the whole name or id, by the beginning of a name, by several parts of a name in any order, and
 * by parts with small typos.
 */
import { and, eq, or, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { StoreUnavailable } from '../errors.ts';
import { hasTrigrams } from '../installation/late-indexes.ts';
import { lowered } from '../named-list.ts';
import { prefixPattern } from '../paging.ts';
import { tenantObjects } from '../schema.ts';
import { PLATFORM, type Source, TENANTS } from './search-sources.ts';
import { areShort, haveParts, havePartsLike, mayBeMistyped, plainWordsOf, similarity, typosOf, wordsOf } from './search-words.ts';

/** The ways in which an object is found, the best first. `name`: the text is its whole name or its id. */
export const MATCHES = ['name', 'beginning', 'parts', 'typo'] as const;
export type Match = (typeof MATCHES)[number];

/** An object that was found. `detail` distinguishes it from others of the same name. */
export interface Found {
  readonly kind: Source['kind'];
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly organizationId: string | null;
  readonly teamId: string | null;
  readonly match: Match;
}

export interface SearchQuestion {
  readonly text: string;
  /** The organizations that the reader may see. */
  readonly organizations: readonly Reach[];
  /** The reach in which the reader may see teams and the objects in them. */
  readonly teams: readonly Reach[];
  /** The reach in which the reader may see webhooks. */
  readonly webhooks: readonly Reach[];
  /** True to include accounts and the catalogue, which belong to the platform. */
  readonly mayReadPlatform: boolean;
  /** The most objects of each kind. */
  readonly limit: number;
}

/** Searches in one statement. Returns better matches first within each kind, and only objects that the reader may see. */
export async function searchNamed(db: Database, question: SearchQuestion): Promise<readonly Found[]> {
  const words = wordsOf(question.text);
  // Better matches are selected separately, so that the limit on others cannot cut them off.
  const isShort = areShort(words);
  const parts = sourcesFor(question).flatMap((source) => [
    partOf(source, question, { match: 'name', matching: isExactly(source, question.text) }),
    partOf(source, question, { match: 'beginning', matching: beginsSo(source, question.text) }),
    partOf(source, question, { match: 'parts', matching: haveParts(source.names, words), isShort }),
  ]);
  const { rows } = await db.execute<FoundRow>(sql.join(parts, sql` union all `));
  return sourcesFor(question).flatMap((source) => foundIn(source, rows, question.limit));
}

/** The most names of each kind whose similarity is compared, and of these the most that are compared letter by letter. */
const SIMILAR_MAX = 400;
const CANDIDATES_MAX = 20;
/** A typo in the middle of five letters leaves a third of a word's trigrams. */
const SIMILARITY_MIN = 0.32;

/**
 * Searches by words with small typos. Returns the objects with the fewest typos first within each kind; none if the database
 * lacks `pg_trgm`, or needs more than `msMax`.
 */
export async function searchMistyped(db: Database, question: SearchQuestion, msMax: number): Promise<readonly Found[]> {
  const words = plainWordsOf(question.text);
  if (!words.some(mayBeMistyped) || !(await hasTrigrams(db))) return [];
  const parts = sourcesFor(question).map((source) => {
    const similar = partOf(
      source,
      { ...question, limit: SIMILAR_MAX },
      {
        match: 'typo',
        matching: havePartsLike(source.names, words),
        similarity: similarity(source.names, words),
      },
    );
    return sql`(select * from ${similar} as similar_names order by similarity desc limit ${CANDIDATES_MAX})`;
  });
  const rows = await withinTime(db, msMax, async (tx) => {
    await tx.execute(sql`select set_config('pg_trgm.word_similarity_threshold', ${String(SIMILARITY_MIN)}, true)`);
    return (await tx.execute<FoundRow>(sql.join(parts, sql` union all `))).rows;
  });
  const judged = rows.flatMap((row) => {
    const typos = typosOf(words, row.names);
    return typos === null ? [] : [{ row, typos }];
  });
  const best = judged.sort((a, b) => a.typos - b.typos).map(({ row }) => row);
  return sourcesFor(question).flatMap((source) => foundIn(source, best, question.limit));
}

/** Runs the work in a transaction whose statements may take so long. Returns nothing if one took longer. */
async function withinTime<T>(db: Database, msMax: number, work: (tx: Database) => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await db.transaction(async (tx) => {
      await tx.execute(sql`select set_config('statement_timeout', ${String(msMax)}, true)`);
      return work(tx);
    });
  } catch (error) {
    if (error instanceof StoreUnavailable && error.sqlState === '57014') return [];
    throw error;
  }
}

interface FoundRow extends Record<string, unknown> {
  readonly kind: string;
  readonly match: Match;
  readonly id: string;
  readonly names: readonly string[];
  readonly detail: string;
  readonly organization_id: string | null;
  readonly team_id: string | null;
}

function sourcesFor({ mayReadPlatform }: SearchQuestion): readonly Source[] {
  return mayReadPlatform ? [...TENANTS, ...PLATFORM] : TENANTS;
}

interface Matching {
  readonly match: Match;
  readonly matching: SQL | undefined;
  readonly similarity?: SQL;
  /** True if no index answers the condition. */
  readonly isShort?: boolean;
}

function partOf(source: Source, question: SearchQuestion, { match, matching, similarity = sql`0`, isShort }: Matching): SQL {
  const { kind, id, names, detail, organizationId, teamId, reach, visible } = source;
  const reaches = reach === null ? [] : question[reach];
  const isEverywhere = reach === null || reaches.some(({ is }) => is === 'everywhere');
  const from = isEverywhere ? fromOfAll(source, { match, matching, isShort: isShort === true }, question.limit) : source.from;
  const nameList = sql.join([...names], sql`, `);
  return sql`(select ${kind}::text as kind, ${match}::text as match, ${id} as id, array[${nameList}] as names, ${detail} as detail,
    ${organizationId ?? sql`null::text`} as organization_id, ${teamId ?? sql`null::text`} as team_id, ${similarity} as similarity
    from ${from} where ${and(matching, visible(reaches))} limit ${question.limit})`;
}

/** Returns the tables of a source in the order that finds its names soonest, for a reader who sees all of it. */
function fromOfAll(source: Source, { match, matching, isShort }: Matching, limit: number): SQL {
  const { from, fromNewest, fromMatching } = source;
  if (isShort === true && fromNewest !== undefined) return fromNewest;
  // Names with typos are a choice in any case.
  if (match === 'typo') return fromMatching?.(matching, limit) ?? from;
  // Where an index finds many names, a plain join has the first few sooner.
  return isShort === true ? (fromMatching?.(matching, null) ?? from) : from;
}

/** Returns the objects of one kind, better matches first. A better match is among the others too, but appears only once. */
function foundIn({ kind }: Source, rows: readonly FoundRow[], limit: number): readonly Found[] {
  const byId = new Map<string, Found>();
  const ofKind = rows.filter((row) => row.kind === kind);
  for (const row of MATCHES.flatMap((match) => ofKind.filter((row) => row.match === match))) {
    const { id, names, detail, organization_id: organizationId, team_id: teamId, match } = row;
    if (!byId.has(id)) byId.set(id, { kind, id, name: names[0] ?? '', detail, organizationId, teamId, match });
  }
  return [...byId.values()].slice(0, limit);
}

function beginsSo({ names }: Source, text: string): SQL | undefined {
  return or(...names.map((name) => sql`${lowered(name)} like ${prefixPattern(text)}`));
}

function isExactly({ id, names, organizationId }: Source, text: string): SQL | undefined {
  // `like` without wildcards: unlike `=`, it can also use an index of trigrams.
  const named = names.map((name) => sql`${lowered(name)} like ${prefixPattern(text).slice(0, -1)}`);
  if (organizationId === null || organizationId === id) return or(eq(id, text), ...named);
  if (!TENANT_ID.test(text)) return or(...named);
  // The id does not tell its organization, so find that through tenant_objects.
  return sql`(${organizationId}, ${id}) in (select ${tenantObjects.organizationId}, ${tenantObjects.id}
    from ${tenantObjects} where ${tenantObjects.id} = ${text})`;
}

const TENANT_ID = /^(team|mem|key|svc)_/;
