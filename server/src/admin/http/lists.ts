import { z } from 'zod';
import type { Listed, PageRequest } from '../../store/named-list.ts';
import { PAGE_LIMIT_MAX } from '../../store/paging.ts';
import type { AdminCall } from './call.ts';
import { onOff, text, wholeNumber } from './schemas.ts';

/** The query fields of lists. */
export const listQuery = {
  limit: wholeNumber(1, PAGE_LIMIT_MAX).optional().meta({ description: 'The number of rows on a page. Default: 50.' }),
  cursor: text(2_048).optional().meta({ description: 'The `next_cursor` of the previous page.' }),
  search: text(400).optional().meta({ description: 'Matches the beginning of the name, or the whole id.' }),
  sort: z
    .enum(['created_at', '-created_at', 'name', '-name'])
    .optional()
    .meta({ description: 'The order. `-` means descending. Default: newest first.' }),
};

/** The filter of a list for objects without a complete price. */
export const unpricedFlag = onOff.optional();

/** Returns the filter as stores take it, with the present time. */
export function unpricedAt(flag: boolean | undefined, { deps: { clock } }: AdminCall<unknown, unknown, unknown>) {
  return flag === undefined ? undefined : { is: flag, at: new Date(clock.nowMs()) };
}

/** The number of rows on all pages. */
export const totalOut = z
  .union([z.int(), z.literal('10,000+')])
  .meta({ description: 'The number of rows on all pages, exact up to 10,000.' });

export function pageOut<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable(), total: totalOut });
}

interface ListQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly search?: string | undefined;
  readonly sort?: PageRequest['sort'] | undefined;
}

export function pageRequest(query: ListQuery): PageRequest {
  return { sort: query.sort ?? '-created_at', limit: query.limit, cursor: query.cursor };
}

/** Returns the trimmed search text, or undefined if it is empty. */
export function searchOf(query: ListQuery): string | undefined {
  const text = query.search?.trim();
  return text === '' ? undefined : text;
}

export function renderPage<T, R>(listed: Listed<T>, rendered: readonly R[]) {
  return { data: [...rendered], next_cursor: listed.nextCursor, total: listed.total };
}
