import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { keptWithin } from '../../api/kept.ts';
import { useUrlState } from '../fields/useUrlState.ts';

/** The answer of every list endpoint. */
export interface ListPage<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly total?: number | string;
}

/** The query that a list sends: its own part of the address, limited to parameters that the endpoint takes. */
export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly search?: string;
  readonly sort?: string;
  readonly [filter: string]: string | number | undefined;
}

export interface ListSource<T> {
  /** The name of the list in the cache and for screen readers. */
  readonly name: string;
  readonly fetch: (query: ListQuery) => Promise<ListPage<T>>;
  /** The names of address parameters that filter this list. */
  readonly filters?: readonly string[];
  /** Further values that the query depends on and the address does not hold, such as a parent's id. */
  readonly scope?: readonly unknown[];
  readonly defaultSort?: string;
  readonly refetchMs?: number;
  /** The prefix of this list's parameters, if one page holds several lists. */
  readonly prefix?: string;
}

/** A list as the address describes it: its query, the answer, and a function that changes the query. */
export interface List<T> {
  readonly answer: UseQueryResult<ListPage<T>>;
  readonly limit: number;
  readonly search: string | undefined;
  readonly sort: string;
  readonly cursor: string | undefined;
  /** True if a search, a filter or a cursor may leave rows out. */
  readonly isNarrowed: boolean;
  readonly set: (changes: Record<string, string | undefined>, how?: 'push') => void;
}

export function useList<T>(source: ListSource<T>): List<T> {
  const { name, fetch, filters = [], scope = [], prefix = '', defaultSort = '-created_at' } = source;
  const [state, setState] = useUrlState();
  const at = (key: string) => state[prefix + key];
  const limit = Number(at('limit') ?? 50);
  const given = { search: at('search'), sort: at('sort') ?? defaultSort, cursor: at('cursor') };
  const filterValues = Object.fromEntries(filters.map((filter) => [filter, state[filter]]));
  const query = withoutUndefined({ limit, ...given, ...filterValues }) as ListQuery;
  const answer = useQuery({
    queryKey: [name, ...scope, query],
    queryFn: () => fetch(query),
    placeholderData: keptWithin([name, ...scope]),
    ...(source.refetchMs === undefined ? {} : { refetchInterval: source.refetchMs }),
  });
  const narrowing = [given.search, given.cursor, ...Object.values(filterValues)];
  return {
    answer,
    limit,
    ...given,
    isNarrowed: narrowing.some((value) => value !== undefined),
    set: (changes, how) =>
      setState(Object.fromEntries(Object.entries(changes).map(([key, value]) => [prefix + key, value])), how),
  };
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== ''));
}
