/** The rules of batches: their states, bounds and endpoints. */

/** The states that clients see, as OpenAI names them. */
export const BATCH_STATUSES = [
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** The states in which a batch stays. */
export const ENDED_STATUSES = ['completed', 'failed', 'expired', 'cancelled'] as const satisfies readonly BatchStatus[];
export type EndedStatus = (typeof ENDED_STATUSES)[number];

const ENDED: ReadonlySet<string> = new Set(ENDED_STATUSES);

/** Reports whether a batch has ended: nothing of it runs, and nothing of it is held. */
export function isEnded(status: BatchStatus): status is EndedStatus {
  return ENDED.has(status);
}

export const BATCH_BOUNDS = {
  /** The longest line, in bytes. A longer one is an error of its own. */
  lineBytes: 4 * 1024 * 1024,
  customIdChars: 512,
  metadataPairs: 16,
  metadataKeyChars: 64,
  metadataValueChars: 512,
  /** The batches of one organization that have not ended. */
  ofOrganization: 100,
} as const;

/** The only completion window that exists. */
export const COMPLETION_WINDOW = '24h';
export const WINDOW_MS = 24 * 3_600_000;
/** The time after the window for which the provider's end is awaited. Then the batch expires with what can be had. */
export const GRACE_MS = 2 * 3_600_000;
/** A batch and its files are found for this long after the batch was made. */
export const BATCH_DAYS = 30;

/** The time for which a process vouches for a batch at once. */
export const VOUCHED_MS = 30_000;

/** The name of batch lines in request-log rows, and that of the request which makes a batch. */
export const LINE_ENDPOINT = 'batch';
export const CREATE_ENDPOINT = 'batches';

/** The price tier whose rates a provider charges for batches. */
export const BATCH_TIER = 'batch';

/** The provider's word for a state of its batch, in our terms; null while it runs. An unknown word is a batch that runs. */
export function endOfVendor(status: string): EndedStatus | null {
  if (status === 'canceled') return 'cancelled';
  return ENDED.has(status) ? (status as EndedStatus) : null;
}

const POLL_MS_MIN = 1_000;
const POLL_MS_MAX = 60_000;

/** Returns the wait before the next look at the provider's batch: a fiftieth of its age, from one second to one minute. */
export function pollAfterMs(ageMs: number): number {
  return Math.round(Math.min(POLL_MS_MAX, Math.max(POLL_MS_MIN, ageMs / 50)));
}

/** Returns the wait after the nth failure in a row: doubled each time, up to five minutes. */
export function retryAfterMs(failures: number): number {
  return Math.min(300_000, 1_000 * 2 ** Math.min(failures, 9));
}
