/**
 * How settled requests travel: one line of text per request, written once by the journal, kept in its file and handed to PostgreSQL as the
 * very same bytes. Both sides read the order of the fields here. No field holds a control character, so no separator is ever escaped.
 */

/** Between fields of a line; each line ends in `\n`. An empty field is null where null is allowed, else the empty text. */
export const FIELD_SEPARATOR = '\t';
/** Between a request's ledger entries, and between the fields of one entry. */
export const ENTRY_SEPARATOR = '\x1e';
export const ENTRY_FIELD_SEPARATOR = '\x1f';

/** Before the tags of a line, and nowhere else: lines that hold it are stored by a statement that knows tags. */
export const TAGS_MARK = '\x1d';
export const TAG_SEPARATOR = ',';

/** The first character of a line: what it is. `end` and `shape` lines go to the database, the others stay in the journal. */
export const LINE_TAGS = { begin: 'B', end: 'E', shape: 'S', shared: 'O', repeat: 'R' } as const;

/** The fields of an `end` line, in order. `other_usage` is the sum of its entries'. `tags` and `tag_route` are those of RecordedTags: the mark, then tags. */
export const END_FIELDS = [
  'tag',
  'request_id',
  'admitted_at_ms',
  'organization_id',
  'team_id',
  'key_id',
  'member_id',
  'service_account_id',
  'called_name',
  'client_request_id',
  'status',
  'http_status',
  'code',
  'param',
  'endpoint',
  'stream',
  'deployment_id',
  'provider',
  'attempts',
  'finish_reason',
  'gateway_us',
  'provider_ms',
  'first_token_ms',
  'decision',
  'count',
  'repeat_ids',
  'other_usage',
  'entries',
  'content',
  // Behind here: what only lines of requests with tags have, and earlier versions do not read.
  'tags',
  'tag_route',
] as const;
export type EndField = (typeof END_FIELDS)[number];

/** The fields of one ledger entry within an `end` line, in order. Tokens of buckets without a column, and pieces, are JSON in `other_usage`. */
export const ENTRY_FIELDS = [
  'attempt',
  'kind',
  'deployment_id',
  'provider',
  'upstream_model',
  'price_id',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
  'other_usage',
  'nano_usd',
  // Behind here: what lines of earlier versions lack and earlier versions do not read.
  'service_tier',
  'unpriced_units',
] as const;
export type EntryField = (typeof ENTRY_FIELDS)[number];

/** The fields of a `shape` line, in order. */
export const SHAPE_FIELDS = ['tag', 'shape_id', 'organization_id', 'rules'] as const;
export type ShapeField = (typeof SHAPE_FIELDS)[number];

/** A place in the journal; places are ordered by segment, then offset. */
export interface RowPosition {
  readonly segment: number;
  readonly offset: number;
}

/** Lines that follow each other in the journal, to be stored together. */
export interface RowBatch {
  /** Whole lines, one after another. The memory is used again once they are `stored`. */
  readonly bytes: Buffer;
  /** Where each line begins in `bytes`. */
  readonly starts: readonly number[];
  /** First milliseconds (UTC) of the months in which these rows were admitted. */
  readonly monthsMs: readonly number[];
  /** Behind the last of them. */
  readonly end: RowPosition;
  /** All of them were stored before, and whoever hears of stored rows has heard of these. */
  readonly isAgain: boolean;
}

/** Whether a place lies before another. */
export function isBefore(a: RowPosition, b: RowPosition): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);
}

export interface RowBounds {
  readonly rowsMax: number;
  /** A single larger row still makes a batch of its own. */
  readonly bytesMax: number;
  /** Take nothing at or behind this place. */
  readonly until: RowPosition | null;
}

/** Where the ledger writer takes rows from, in the order in which requests ended. */
export interface RowSource {
  /** The next rows, or null when all that is written was taken. Asks again for the same rows until they are `stored`. */
  next(bounds: RowBounds): Promise<RowBatch | null>;
  /** Everything before this place is committed; the source may forget it. */
  stored(end: RowPosition): void;
  /** Goes back to the oldest row that is kept, stored or not. Returns the place before which every row is to be stored again. */
  again(): RowPosition;
  /** Writes what waits, and says where it ended. Throws when it cannot be written now. */
  position(): RowPosition;
  /** Rows and bytes that are not stored yet. */
  backlog(): { readonly rows: number; readonly bytes: number };
}
