import { type CredentialConfig, secretTexts } from '../domain/routing/credential.ts';
import { redactSecrets } from '../lib/redact.ts';
import type { UpstreamHeaders } from '../upstream/call.ts';
import type { ProviderError } from './provider.ts';

/** OpenAI's code for encrypted reasoning of another account. */
const SEALED_CODE = 'invalid_encrypted_content';
const MESSAGE_LENGTH_MAX = 2_000;
const READ_BYTES_MAX = 64 * 1024;
const RETRY_AFTER_MS_MAX = 24 * 3_600_000;

/**
 * The codes and words that tell a vendor's errors apart if the status is not enough. Codes are compared with `code` and `type`.
 */
export interface ErrorSigns {
  readonly contextCodes: ReadonlySet<string>;
  readonly contextWords: RegExp;
  readonly quotaCodes: ReadonlySet<string>;
  readonly quotaWords: RegExp;
}

/** The codes of content filters: OpenAI's and Azure's, and Alibaba's in two spellings. */
const REFUSAL_CODES = new Set([
  ...['content_filter', 'content_policy_violation', 'data_inspection_failed', 'DataInspectionFailed'],
]);
/** The words of content filters whose code says less: OpenAI's for reasoning models, and DeepSeek's. */
const REFUSAL_WORDS = /flagged as potentially violating|content exists risk/i;

function anyOf(...words: readonly string[]): RegExp {
  return new RegExp(words.join('|'), 'i');
}

/** OpenAI's signs, which most compatible servers use in part. */
const OPENAI_SIGNS: ErrorSigns = {
  // The third is llama.cpp's.
  contextCodes: new Set(['context_length_exceeded', 'context_window_exceeded', 'exceed_context_size_error']),
  contextWords: anyOf(
    // OpenAI, and most servers that follow it.
    ...['context length', 'context window', 'exceeds? the (?:model.s |available )?(?:maximum )?context'],
    ...['input tokens exceed the configured limit', 'maximum input length is', 'prompt is too long'],
    // xAI, Moonshot, Alibaba, Z.ai, Groq and Cerebras.
    ...['maximum prompt length', 'exceeded model token limit', 'range of input length should be', 'prompt exceeds max length'],
    ...['reduce the length of the messages', 'current length is .{1,20} while limit is'],
    // Groq refuses what is more than a minute's tokens with 413: no wait makes it fit.
    'request too large for model',
    // Servers of Text Generation Inference (Together, Hugging Face), vLLM, and others behind OpenRouter.
    ...['`inputs` tokens \\+ `max_new_tokens` must', '`inputs` must have less than', 'length limit exceeded'],
    ...['longer than the maximum model length', 'too long to fit into the model', 'maximum allowed input length'],
    'configured context size',
  ),
  quotaCodes: new Set(['insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active', 'insufficient_balance']),
  quotaWords: /exceeded your current quota|insufficient (?:balance|credits|funds)/i,
};

/** Reads an error answer in OpenAI's envelope or a similar one. */
export function readOpenAiError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  return readErrorAnswer({ status, headers, body, credential, signs: OPENAI_SIGNS });
}

/** Reads an answer that is not 2xx. Never throws, whatever the body is. */
export function readErrorAnswer(answer: {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
  readonly credential: CredentialConfig | null | undefined;
  readonly signs: ErrorSigns;
}): ProviderError {
  const { status, headers } = answer;
  const said = readBody(answer.body, headers);
  const words = said.message === '' ? `the provider answered ${status}` : said.message;
  return {
    kind: kindOf(status, said, answer.signs),
    status,
    message: redactSecrets(words.slice(0, 4 * MESSAGE_LENGTH_MAX), secretsOf(answer.credential)).slice(0, MESSAGE_LENGTH_MAX),
    param: said.param === null ? null : said.param.slice(0, 200),
    ...(said.code === SEALED_CODE && { isSealed: true }),
    retryAfterMs: retryAfterMsOf(headers),
    retryable: one(headers['x-should-retry']) !== 'false' && !isRedirect(status),
  };
}

function secretsOf(credential: CredentialConfig | null | undefined): readonly string[] {
  return credential === null || credential === undefined ? [] : secretTexts(credential);
}

/**
 * Returns the delay that the provider requests, from `retry-after-ms`, else `retry-after` in seconds or as a date. At most a day.
 */
function retryAfterMsOf(headers: UpstreamHeaders): number | null {
  const ms = numberOf(one(headers['retry-after-ms']));
  if (ms !== null) return bounded(ms);
  const text = one(headers['retry-after']);
  if (text === undefined) return null;
  const seconds = numberOf(text);
  if (seconds !== null) return bounded(seconds * 1_000);
  // A date is by the provider's clock, which its answer contains.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  const now = Date.parse(one(headers.date) ?? '');
  return Number.isNaN(at) || Number.isNaN(now) ? null : bounded(at - now);
}

interface Said {
  readonly message: string;
  readonly type: string;
  readonly code: string;
  readonly param: string | null;
}

function kindOf(status: number, said: Said, signs: ErrorSigns): ProviderError['kind'] {
  if (status === 402 || signs.quotaCodes.has(said.code) || signs.quotaCodes.has(said.type)) return 'quota';
  if (status === 429) return signs.quotaWords.test(said.message) ? 'quota' : 'rate_limited';
  if (status === 401 || status === 403) return 'credential';
  // 408 and 409 are the provider's own timeouts and locks. A redirect is no valid answer and is never followed.
  if (status >= 500 || status < 400 || status === 408 || status === 409) return 'unavailable';
  if (REFUSAL_CODES.has(said.code) || REFUSAL_WORDS.test(said.message)) return 'refused';
  if (signs.contextCodes.has(said.code) || signs.contextCodes.has(said.type)) return 'context_length';
  if (status === 404) return 'caller';
  if (signs.contextWords.test(said.message)) return 'context_length';
  return signs.quotaWords.test(said.message) ? 'quota' : 'caller';
}

const SILENT: Said = { message: '', type: '', code: '', param: null };

function readBody(body: Buffer, headers: UpstreamHeaders): Said {
  const text = body.subarray(0, READ_BYTES_MAX).toString();
  try {
    return readEnvelope(body.length <= READ_BYTES_MAX ? (JSON.parse(text) as unknown) : null);
  } catch {
    // A page of HTML is of no use; a line of plain text from a proxy may be.
    return one(headers['content-type'])?.startsWith('text/plain') ? { ...SILENT, message: plain(text) } : SILENT;
  }
}

// {error: {…}} (OpenAI, Anthropic), {error: "…"}, [{error: {…}}] (Google), {message} and {detail} (servers built on other
// frameworks).
function readEnvelope(value: unknown): Said {
  const outer = objectOf(Array.isArray(value) ? value[0] : value);
  if (outer === null) return SILENT;
  const error = objectOf(outer.error) ?? outer;
  const message = [error.message, outer.error, outer.detail].find((words) => typeof words === 'string');
  return {
    message: plain(typeof message === 'string' ? message : ''),
    type: textOf(error.type),
    code: textOf(error.code),
    param: typeof error.param === 'string' ? plain(error.param) : null,
  };
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), RETRY_AFTER_MS_MAX);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
