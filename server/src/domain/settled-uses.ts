import { END_FIELDS, ENTRY_FIELD_SEPARATOR, ENTRY_FIELDS, ENTRY_SEPARATOR, LINE_TAGS, type RowBatch } from './settled-rows.ts';

/** What an admitted request used, as its row says it. */
export interface SettledUse {
  readonly organizationId: string;
  readonly requestId: string;
  readonly tokens: number;
  readonly nanoUsd: number;
}

const REQUEST_ID = END_FIELDS.indexOf('request_id');
const ORGANIZATION_ID = END_FIELDS.indexOf('organization_id');
const STATUS = END_FIELDS.indexOf('status');
const ENTRIES = END_FIELDS.indexOf('entries');
const TOTAL_TOKENS = ENTRY_FIELDS.indexOf('total_tokens');
const NANO_USD = ENTRY_FIELDS.indexOf('nano_usd');

/**
 * Calls back for every admitted request of a batch, in its order. Refused ones used nothing and held nothing. What is no row is left out, and an
 * amount that cannot be counted is the nearest one that can: whoever hears of it counts with it.
 */
export function eachSettledUse({ bytes, starts }: RowBatch, found: (use: SettledUse) => void): void {
  for (const [index, start] of starts.entries()) {
    const fields = bytes.toString('latin1', start, starts[index + 1] ?? bytes.length).split('\t', ENTRIES + 1);
    if (fields[0] !== LINE_TAGS.end || fields[STATUS] === 'refused') continue;
    const [organizationId = '', requestId = ''] = [fields[ORGANIZATION_ID], fields[REQUEST_ID]];
    if (organizationId === '' || requestId === '') continue;
    const [tokens, nanoUsd] = sumsOf(fields[ENTRIES] ?? '');
    found({ organizationId, requestId, tokens: countable(tokens), nanoUsd: countable(nanoUsd) });
  }
}

function sumsOf(entries: string): readonly [tokens: number, nanoUsd: number] {
  let [tokens, nanoUsd] = [0, 0];
  if (entries === '') return [tokens, nanoUsd];
  for (const entry of entries.split(ENTRY_SEPARATOR)) {
    const parts = entry.split(ENTRY_FIELD_SEPARATOR);
    tokens += Number(parts[TOTAL_TOKENS] ?? 0);
    nanoUsd += Number(parts[NANO_USD] ?? 0);
  }
  return [tokens, nanoUsd];
}

function countable(amount: number): number {
  return amount > 0 ? Math.min(Math.floor(amount), Number.MAX_SAFE_INTEGER) : 0;
}
