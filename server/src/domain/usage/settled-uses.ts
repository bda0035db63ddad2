import type { Labels } from '../limits/label-limit.ts';
import type { PlanUse } from '../limits/limit-plan.ts';
import {
  ATTRIBUTION_MARK,
  END_FIELDS,
  ENTRY_FIELD_SEPARATOR,
  ENTRY_FIELDS,
  ENTRY_SEPARATOR,
  type EndField,
  LINE_TAGS,
  type RowBatch,
  TAG_SEPARATOR,
  TAGS_MARK,
} from './settled-rows.ts';

/** The use of an admitted request, as its row states it. */
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
 * Calls back for every admitted request of a batch, in order. Refused requests used and held nothing. Lines that are no rows are
 * left out. An invalid amount becomes the nearest valid one, because counters add it up.
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

/** An admitted request as counters count it: its owner, its time and its use. */
export interface CountedUse extends PlanUse {
  readonly organizationId: string;
  readonly atMs: number;
  /** 1, or 0 for a line of a batch: the request that made the batch is counted. */
  readonly requests: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

const field = (name: EndField) => END_FIELDS.indexOf(name);

/** Returns the labels of a line, if it has any. */
function labelsOf(tags: string, attribution: string): { readonly labels?: Labels } {
  const named = tags.startsWith(TAGS_MARK)
    ? tags
        .slice(1)
        .split(TAG_SEPARATOR)
        .filter((tag) => tag !== '')
    : [];
  const [user = ''] = attribution.startsWith(ATTRIBUTION_MARK) ? attribution.slice(1).split(ENTRY_FIELD_SEPARATOR) : [];
  return named.length === 0 && user === '' ? {} : { labels: { tags: named, endUser: user === '' ? null : user } };
}

/**
 * Returns the admitted requests among lines `from` up to, not including, `to` of a batch. Leaves out refused requests and lines
 * that are no rows.
 */
export function countedUses({ bytes, starts }: RowBatch, from: number, to: number): readonly CountedUse[] {
  const uses: CountedUse[] = [];
  for (let index = from; index < to; index += 1) {
    const fields = bytes.toString('utf8', starts[index], starts[index + 1] ?? bytes.length).split('\t');
    const text = (name: EndField) => fields[field(name)] ?? '';
    if (fields[0] !== LINE_TAGS.end || fields[STATUS] === 'refused') continue;
    const [tokens, nanoUsd] = sumsOf(fields[ENTRIES] ?? '');
    uses.push({
      organizationId: text('organization_id'),
      teamId: text('team_id'),
      memberId: text('member_id') === '' ? null : text('member_id'),
      keyId: text('key_id'),
      calledName: text('called_name'),
      ...labelsOf(text('tags'), text('attribution')),
      atMs: Number(text('admitted_at_ms')),
      requests: text('count') === '0' ? 0 : 1,
      tokens: countable(tokens),
      nanoUsd: countable(nanoUsd),
    });
  }
  return uses;
}
