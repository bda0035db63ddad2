import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useUrlState } from '../fields/useUrlState.ts';

/** How every list answers. */
export interface ListPage<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly total?: number | string;
}

/** What the server is asked for: the list's own part of the address. Never more than it takes. */
export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
  readonly search?: string;
  readonly sort?: string;
  readonly [filter: string]: string | number | undefined;
}

export interface ListSource<T> {
  /** Names the list in the cache; also in what a screen reader hears. */
  readonly name: string;
  readonly fetch: (query: ListQuery) => Promise<ListPage<T>>;
  /** Names of address parameters that are filters of this list. */
  readonly filters?: readonly string[];
  /** Further facts that the query depends on and the address does not hold: a parent's id. */
  readonly scope?: readonly unknown[];
  readonly defaultSort?: string;
  readonly refetchMs?: number;
  /** Prefix of this list's parameters, where one page holds several lists. */
  readonly prefix?: string;
}

/** A list as the address says it: what was asked, the answer, and how to ask otherwise. */
export interface List<T> {
  readonly answer: UseQueryResult<ListPage<T>>;
  readonly limit: number;
  readonly search: string | undefined;
  readonly sort: string;
  readonly cursor: string | undefined;
  /** Whether a search or filter may leave something out, or this is not the first page. */
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
    placeholderData: keepPreviousData,
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
