/**
 * Usage by the tags of requests. A request counts under each of its tags, so these lines add up to more than the total. One row of each
 * request with tags has an empty tag: usage without tags is the rest.
 */
import { isNotNull, type SQL, sql } from 'drizzle-orm';
import { requestLog, tagRollups } from '../schema.ts';
import { allAs, boundedName, type LabelQuestion, type Labels, lessOf, type Source } from './label-sums.ts';

/** A question about usage by tag. */
export interface TagQuestion extends LabelQuestion {
  /** The tags to return. Null: every tag, and an empty one for requests without tags. */
  readonly only: readonly string[] | null;
}

const TAGS: Labels = {
  rollups: tagRollups,
  columns: ['tag'],
  each: sql`lateral (select distinct ${boundedName('tag', sql`t.tag`)} from unnest(${requestLog.tags}) as t (tag) union all select '') as named (tag)`,
  has: isNotNull(requestLog.tags),
};

/** Returns a subquery like that of a source, with a column `tag`. */
export function tagRows(source: Source, question: TagQuestion): SQL {
  const of = (which: SQL) => source.labelled(question, TAGS, which);
  if (question.only !== null) return sql`(${of(sql`tag = any(${sql.param([...question.only])}::text[])`)})`;
  const rest = sql`${allAs(source, question, `'' as tag`)} union all ${lessOf(source, of(sql`tag = ''`), 'tag')}`;
  return sql`(${of(sql`tag <> ''`)} union all ${rest})`;
}
