/** Pages of items, as OpenAI lists them: newest first unless asked otherwise. */
import { invalidRequest } from '../refusal.ts';

export interface Page {
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly after: string | null;
}

/** The bounds on the length of a page. */
interface PageBounds {
  readonly limitMax: number;
  readonly limitDefault: number;
}

const BOUNDS: PageBounds = { limitMax: 100, limitDefault: 20 };

export function pageOf(query: URLSearchParams, { limitMax, limitDefault }: PageBounds = BOUNDS): Page {
  const limit = query.get('limit') ?? String(limitDefault);
  if (!/^\d{1,6}$/.test(limit) || Number(limit) < 1 || Number(limit) > limitMax)
    throw invalidRequest(`limit must be a whole number from 1 to ${limitMax}.`, 'limit');
  const order = query.get('order') ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalidRequest('order must be "asc" or "desc".', 'order');
  return { limit: Number(limit), order, after: query.get('after') };
}

/** Returns a page of items that are in the order of their making. `of`: what they are part of, for the error of a bad `after`. */
export function listItems(all: readonly { readonly id: string }[], { limit, order, after }: Page, of: string): object {
  const items = order === 'desc' ? [...all].reverse() : all;
  const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== null && from === 0) throw invalidRequest(`after must be the id of an item of this ${of}.`, 'after');
  const data = items.slice(from, from + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < items.length,
  };
}
