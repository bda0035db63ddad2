/**
 * An archive: one month of the request log as a file of comma-separated values, compressed by gzip, and a manifest beside it. The
 * file has a line of column names, then a line for each request in order of time. Text is in quotation marks, null is nothing at
 * all. Prompts and answers are not in it.
 */
import type { CellForm } from './csv-cells.ts';

/** The version of this form. A later version may add columns, which the manifest names. */
export const ARCHIVE_FORMAT = 1;

/** The columns of format 1, those of the view `requests` in order, and `byok`. */
export const ARCHIVE_COLUMNS = [
  { name: 'admitted_at', form: 'time' },
  { name: 'request_id', form: 'text' },
  { name: 'organization_id', form: 'text' },
  { name: 'team_id', form: 'text' },
  { name: 'key_id', form: 'text' },
  { name: 'member_id', form: 'text' },
  { name: 'service_account_id', form: 'text' },
  { name: 'client_request_id', form: 'text' },
  { name: 'called_name', form: 'text' },
  { name: 'deployment_id', form: 'text' },
  { name: 'endpoint', form: 'text' },
  { name: 'stream', form: 'plain' },
  { name: 'status', form: 'text' },
  { name: 'http_status', form: 'plain' },
  { name: 'code', form: 'text' },
  { name: 'param', form: 'text' },
  { name: 'finish_reason', form: 'text' },
  { name: 'attempts', form: 'plain' },
  { name: 'gateway_us', form: 'plain' },
  { name: 'provider_ms', form: 'plain' },
  { name: 'first_token_ms', form: 'plain' },
  { name: 'count', form: 'plain' },
  { name: 'input_tokens', form: 'plain' },
  { name: 'cached_input_tokens', form: 'plain' },
  { name: 'cache_write_tokens', form: 'plain' },
  { name: 'output_tokens', form: 'plain' },
  { name: 'reasoning_tokens', form: 'plain' },
  { name: 'total_tokens', form: 'plain' },
  { name: 'nano_usd', form: 'plain' },
  { name: 'partly_priced', form: 'plain' },
  { name: 'other_usage', form: 'json' },
  { name: 'decision', form: 'text' },
  { name: 'repeat_ids', form: 'json' },
  { name: 'tags', form: 'json' },
  { name: 'tag_route', form: 'text' },
  { name: 'tried', form: 'text' },
  // From here on: columns that archives of earlier versions lack.
  { name: 'end_user', form: 'text' },
  { name: 'session', form: 'text' },
  { name: 'client', form: 'text' },
  // True if the deployment was the organization's own. Null in archives of versions that did not write it.
  { name: 'byok', form: 'plain' },
] as const satisfies readonly { readonly name: string; readonly form: CellForm }[];

export const ARCHIVE_COLUMN_NAMES: readonly string[] = ARCHIVE_COLUMNS.map(({ name }) => name);

/** The columns that a manifest adds up. `count` is the number of requests, because repeated refusals share a row. */
export const SUMMED_COLUMNS = [
  'count',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
  'nano_usd',
] as const;

/** The rows of a month, and the sums of their counts, tokens and nano-dollars as decimal text. */
export interface ArchiveSums {
  readonly rows: string;
  readonly sums: Readonly<Record<(typeof SUMMED_COLUMNS)[number], string>>;
}

/** The two tables that have a month of requests each. The second is that of the version before. */
export const ARCHIVED_TABLES = ['request_records', 'request_log'] as const;
export type ArchivedTable = (typeof ARCHIVED_TABLES)[number];

/** The description of an archive, stored as JSON beside its file. */
export interface Manifest extends ArchiveSums {
  readonly format: number;
  /** `request_records-2026-08`; a month of which rows came later has further archives, `….2` and so on. */
  readonly name: string;
  readonly table: ArchivedTable;
  /** In UTC: `2026-08`. */
  readonly month: string;
  readonly columns: readonly string[];
  /** The file's name, its length in bytes and its SHA-256 in hex. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Reports whether two counts agree in every sum. */
export function sameSums(one: ArchiveSums, other: ArchiveSums): boolean {
  return one.rows === other.rows && SUMMED_COLUMNS.every((name) => one.sums[name] === other.sums[name]);
}
