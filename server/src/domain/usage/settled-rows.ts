/**
 * The text format of settled requests: one line per request. The journal writes it once, keeps it in its file, and passes the
 * same bytes to PostgreSQL. Both sides read the order of the fields here. No field holds a control character, so no separator is
 * ever escaped.
 */

/** Separates the fields of a line; each line ends in `\n`. An empty field is null if null is allowed, else the empty text. */
export const FIELD_SEPARATOR = '\t';
/** Separate a request's ledger entries, and the fields of one entry. */
export const ENTRY_SEPARATOR = '\x1e';
export const ENTRY_FIELD_SEPARATOR = '\x1f';

/** Precedes the tags of a line, and occurs nowhere else. A statement that knows tags stores the lines that hold it. */
export const TAGS_MARK = '\x1d';
export const TAG_SEPARATOR = ',';

/** Precedes the attempts of a line, and occurs nowhere else. A statement that knows attempts stores the lines that hold it. */
export const TRIED_MARK = '\x1c';

/** Precedes the attribution of a line, and occurs nowhere else. A statement that knows it stores the lines that hold it. */
export const ATTRIBUTION_MARK = '\x1b';

/**
 * The first character of a line, which is its kind. `end` and `shape` lines go to the database, the others stay in the journal.
 */
export const LINE_TAGS = { begin: 'B', end: 'E', shape: 'S', shared: 'O', repeat: 'R' } as const;

/**
 * The fields of an `end` line, in order. `other_usage` is the sum over its entries. `tags` and `tag_route` are those of
 * RecordedTags: `tags` begins with the mark.
 */
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
  // From here on: fields that only lines of requests with tags have. Earlier versions do not read them.
  'tags',
  'tag_route',
  // Only lines whose attempts are listed have this field. A line without tags then has the two fields before it empty. It begins
  // with the mark; behind that are the attempts, each with the fields of ATTEMPT_FIELDS. Earlier versions do not read it.
  'tried',
  // Only lines of requests that say something about their origin have this field, behind the three before it, which may be empty. It
  // begins with the mark; behind that are end user, session and client. Earlier versions do not read it.
  'attribution',
] as const;
export type EndField = (typeof END_FIELDS)[number];

/**
 * The fields of one ledger entry within an `end` line, in order. `other_usage` is JSON: tokens of buckets without a column, and
 * pieces.
 */
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
  // From here on: fields that lines of earlier versions lack. Earlier versions do not read them.
  'service_tier',
  'unpriced_units',
] as const;
export type EntryField = (typeof ENTRY_FIELDS)[number];

/** The fields of one attempt within the field `tried`, in order: those of AttemptRecord. */
export const ATTEMPT_FIELDS = [
  'deployment_id',
  'provider',
  'upstream_model',
  'started_ms',
  'took_ms',
  'result',
  'status',
  'code',
  'message',
  'next',
  'next_reason',
  'wait_ms',
  'not_tried',
  // From here on: fields that attempts of earlier versions lack. Earlier versions do not read them.
  'dropped',
  'compared',
] as const;
export type AttemptField = (typeof ATTEMPT_FIELDS)[number];

/** The fields of a `shape` line, in order. */
export const SHAPE_FIELDS = ['tag', 'shape_id', 'organization_id', 'rules'] as const;
export type ShapeField = (typeof SHAPE_FIELDS)[number];

/** A place in the journal; places are ordered by segment, then offset. */
export interface RowPosition {
  readonly segment: number;
  readonly offset: number;
}

/** Consecutive lines of the journal that are stored together. */
export interface RowBatch {
  /** Whole lines, one after another. The memory is reused once they are `stored`. */
  readonly bytes: Buffer;
  /** The offset in `bytes` at which each line begins. */
  readonly starts: readonly number[];
  /** The first milliseconds (UTC) of the months in which these rows were admitted. */
  readonly monthsMs: readonly number[];
  /** The place after the last line. */
  readonly end: RowPosition;
  /** True if all lines were stored before. Everyone who is notified of stored rows already knows these. */
  readonly isAgain: boolean;
}

/** Reports whether a place lies before another. */
export function isBefore(a: RowPosition, b: RowPosition): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);
}

export interface RowBounds {
  readonly rowsMax: number;
  /** The most bytes of a batch. A single larger row still forms its own batch. */
  readonly bytesMax: number;
  /** The place at which to stop: no row at or after it is taken. Null: no such bound. */
  readonly until: RowPosition | null;
}

/** The source from which the ledger writer takes rows, in the order in which requests ended. */
export interface RowSource {
  /** Returns the next rows, or null if all written rows were taken. Returns the same rows again until they are `stored`. */
  next(bounds: RowBounds): Promise<RowBatch | null>;
  /** Reports that everything before this place is committed. The source may discard it. */
  stored(end: RowPosition): void;
  /** Goes back to the oldest row that is kept, stored or not. Returns the place before which every row must be stored again. */
  again(): RowPosition;
  /** Writes all pending rows and returns the place after them. Throws if they cannot be written now. */
  position(): RowPosition;
  /** Returns the number of rows and bytes that are not stored yet. */
  backlog(): { readonly rows: number; readonly bytes: number };
}
