import type { Api, Json, Query } from './api.ts';
import type { Given, Session } from './command.ts';

/** The flag of a list whose rows have no names to search for. */
export const LIMIT_FLAG = { name: 'limit', value: 'n', about: 'most rows to list (default: 50)' } as const;

/** The flags of every other list command. */
export const LIST_FLAGS = [
  { name: 'search', value: 'text', about: 'only names that begin with this text, or this whole id' },
  LIMIT_FLAG,
] as const;

const LIMIT_DEFAULT = 50;
const PAGE_ROWS_MAX = 200;

/** Reads pages until it has as many rows as asked for. Says on standard error if there are more. */
export async function listRows(given: Given, session: Session, path: string, query: Query = {}): Promise<readonly Json[]> {
  const wanted = given.whole('limit') ?? LIMIT_DEFAULT;
  const rows: Json[] = [];
  let cursor: string | undefined;
  let total: unknown = 0;
  do {
    const limit = Math.min(PAGE_ROWS_MAX, Math.max(1, wanted - rows.length));
    const page = await pageOf(session.api, path, { search: given.flag('search'), ...query, limit, cursor });
    rows.push(...page.data);
    ({ cursor, total } = page);
  } while (cursor !== undefined && rows.length < wanted);
  if (cursor !== undefined || rows.length > wanted)
    session.note(`${Math.min(rows.length, wanted)} of ${total}; more with --limit`);
  return rows.slice(0, wanted);
}

async function pageOf(api: Api, path: string, query: Query) {
  const { data, next_cursor: next, total } = await api.get(path, query);
  return { data: data as readonly Json[], cursor: typeof next === 'string' ? next : undefined, total };
}
