import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { UpstreamHeaders } from '../upstream/call.ts';
import type { ProviderError } from './provider.ts';
import { type ErrorSigns, readErrorAnswer } from './read-error.ts';

const SIGNS: ErrorSigns = {
  contextCodes: new Set(),
  contextWords:
    /input token count .{0,40}(?:exceeds the maximum|but model only supports)|exceeds the maximum number of tokens allowed|input context is too long|exceeds? .{0,30}context/i,
  quotaCodes: new Set(),
  // Every 429 says "you exceeded your current quota", also for a limit per minute. The details tell them apart.
  quotaWords: /(?!)/,
};

const WAIT_MS_MAX = 24 * 3_600_000;
const READ_BYTES_MAX = 64 * 1024;

/**
 * Reads an error of Google's. The details state the wait, and whether a quota is used up for the day. A wrong key is a 400 there.
 * Never throws, whatever the body is.
 */
export function readGeminiError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  const error = readErrorAnswer({ status, headers, body, credential, signs: SIGNS });
  const details = detailsIn(body);
  const kind = kindOf(error, details);
  // What refuses our key counts as 401 in every other place.
  return {
    ...error,
    kind,
    status: kind === 'credential' && status === 400 ? 401 : status,
    retryAfterMs: error.retryAfterMs ?? delayMsIn(details),
  };
}

type Detail = Readonly<Record<string, unknown>>;

function kindOf({ kind, status }: ProviderError, details: readonly Detail[]): ProviderError['kind'] {
  if (status === 429) return details.some(isDaily) ? 'quota' : kind;
  return status === 400 && details.some(({ reason }) => KEY_REASONS.has(reason)) ? 'credential' : kind;
}

const KEY_REASONS: ReadonlySet<unknown> = new Set(['API_KEY_INVALID', 'API_KEY_EXPIRED', 'API_KEY_SERVICE_BLOCKED']);

function isDaily({ violations }: Detail): boolean {
  return (
    Array.isArray(violations) &&
    violations.some((violation: unknown) => isObject(violation) && /PerDay|Daily/.test(String(violation.quotaId ?? '')))
  );
}

/** Returns the wait of a `RetryInfo` (`34.4s`) in milliseconds, at most a day; null if there is none. */
function delayMsIn(details: readonly Detail[]): number | null {
  for (const { retryDelay } of details) {
    const seconds = typeof retryDelay === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(retryDelay)?.[1] : undefined;
    if (seconds !== undefined) return Math.min(Math.ceil(Number(seconds) * 1_000), WAIT_MS_MAX);
  }
  return null;
}

function detailsIn(body: Buffer): readonly Detail[] {
  if (body.length > READ_BYTES_MAX) return [];
  try {
    const json: unknown = JSON.parse(body.toString());
    // Without `alt=sse`, a stream's error is the member of a list.
    const outer: unknown = Array.isArray(json) ? json[0] : json;
    const error = isObject(outer) ? outer.error : null;
    const details = isObject(error) ? error.details : null;
    return Array.isArray(details) ? details.filter(isObject) : [];
  } catch {
    return [];
  }
}

function isObject(value: unknown): value is Detail {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
