/**
 * Usage by the origin of requests: their end user or their session, and their client. A request counts once in each, so lines add up to
 * the total. Each kind has rows of its own, each with the client; what a request does not say is the rest.
 */
import { and, isNotNull, or, type SQL, sql } from 'drizzle-orm';
import { attributionRollups, requestLog } from '../schema.ts';
import { allAs, boundedName, type LabelQuestion, type Labels, lessOf, type Source } from './label-sums.ts';

/** A question about usage by origin. */
export interface OriginQuestion extends LabelQuestion {
  /** The names to split by; null for none. */
  readonly by: 'end_user' | 'session' | null;
  /** True to split by client. */
  readonly byClient: boolean;
  /** The names to return; null for all, and an empty one for requests that name none. */
  readonly names: readonly string[] | null;
  /** The clients to return, the empty one for any other; null for all. */
  readonly clients: readonly string[] | null;
}

const { endUser, session, client } = requestLog;
const given = (kind: 'end_user' | 'session', name: typeof endUser | typeof session) =>
  sql`select ${sql.raw(`'${kind}'`)}, ${boundedName(kind, sql`${name}`)}, coalesce(${client}, '') where ${name} is not null`;

const ORIGINS: Labels = {
  rollups: attributionRollups,
  columns: ['kind', 'name', 'client'],
  each: sql`lateral (${given('end_user', endUser)} union all ${given('session', session)}
    union all select 'client', '', ${client} where ${client} is not null) as named (kind, name, client)`,
  has: or(isNotNull(endUser), isNotNull(session), isNotNull(client)),
};

/** Returns a subquery like that of a source, with the columns `end_user`, `session` and `client`; those not split by are empty. */
export function originRows(source: Source, question: OriginQuestion): SQL {
  const { by, byClient, names, clients } = question;
  const needsClient = byClient || clients !== null;
  const of = (kind: 'end_user' | 'session' | 'client') =>
    source.labelled(
      question,
      ORIGINS,
      and(sql`kind = ${sql.raw(`'${kind}'`)}`, among('client', clients), nameOf(kind, names)) as SQL,
    );
  const as = (name: string, clientOf: string) =>
    `${by === 'end_user' ? name : `''`} as end_user, ${by === 'session' ? name : `''`} as session, ${clientOf} as client`;
  const plain = (rows: SQL, columns: string) =>
    sql`select ${sql.raw(source.columns)}, ${sql.raw(columns)} from (${rows}) as labelled`;
  const parts: SQL[] = [];
  if (by !== null) parts.push(plain(of(by), as('name', 'client')));
  // Requests that name no end user, or no session: what their client has, without those that name one.
  if (needsClient && names === null) {
    parts.push(plain(of('client'), as(`''`, 'client')));
    if (by !== null) parts.push(lessOf(source, of(by), as(`''`, 'client')));
  }
  // Requests that say nothing of what is split by.
  if (names === null && (clients === null || clients.includes(''))) {
    const named = needsClient ? source.labelled(question, ORIGINS, sql`kind = 'client'`) : by === null ? null : of(by);
    parts.push(allAs(source, question, as(`''`, `''`)));
    if (named !== null) parts.push(lessOf(source, named, as(`''`, `''`)));
  }
  return sql`(${sql.join(parts, sql` union all `)})`;
}

function nameOf(kind: 'end_user' | 'session' | 'client', names: readonly string[] | null): SQL | undefined {
  return kind === 'client' ? undefined : among('name', names);
}

function among(column: 'name' | 'client', values: readonly string[] | null): SQL | undefined {
  return values === null ? undefined : sql`${sql.raw(column)} = any(${sql.param([...values])}::text[])`;
}
