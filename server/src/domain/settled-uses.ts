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

/** Calls back for every admitted request of a batch, in its order. Refused ones used nothing and held nothing. */
export function eachSettledUse({ bytes, starts }: RowBatch, found: (use: SettledUse) => void): void {
  for (const [index, start] of starts.entries()) {
    const fields = bytes.toString('latin1', start, starts[index + 1] ?? bytes.length).split('\t', ENTRIES + 1);
    if (fields[0] !== LINE_TAGS.end || fields[STATUS] === 'refused') continue;
    const use = {
      organizationId: fields[ORGANIZATION_ID] as string,
      requestId: fields[REQUEST_ID] as string,
      tokens: 0,
      nanoUsd: 0,
    };
    const entries = fields[ENTRIES] ?? '';
    if (entries !== '') {
      for (const entry of entries.split(ENTRY_SEPARATOR)) {
        const parts = entry.split(ENTRY_FIELD_SEPARATOR);
        use.tokens += Number(parts[TOTAL_TOKENS] ?? 0);
        use.nanoUsd += Number(parts[NANO_USD] ?? 0);
      }
    }
    found(use);
  }
}
