import { postBytes, type RawAnswer } from '../support/raw-http.ts';
import { MODELS, type Secrets } from './site.ts';

/** One thing no client should send, and what it is answered. */
export interface Row {
  readonly name: string;
  /** The bytes, given the keys. */
  readonly bytes: (secrets: Secrets) => Buffer | string;
  /** Sent in these pieces instead of at once, for what is large. */
  readonly pieces?: (secrets: Secrets) => readonly (Buffer | string)[];
  readonly status: number;
  /** OpenAI's code, or on `/v1/messages` Anthropic's type. */
  readonly code: string;
  readonly param?: string | null;
}

export const CHAT = '/v1/chat/completions';
export const MESSAGES = '/v1/messages';

/** A body that would be answered. */
export const GOOD_BODY = { model: MODELS.good, max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] } as const;

/** Status, code and, where it matters, param. */
export type Refused = readonly [status: number, code: string, param?: string | null];

export const INVALID: Refused = [400, 'invalid_request'];
export const UNKNOWN_KEY: Refused = [401, 'invalid_api_key'];
export const NOT_FOUND: Refused = [404, 'not_found'];

/** A body as it stands, with a good key. */
export function withBody(name: string, body: string | Buffer, [status, code, param]: Refused, path: string = CHAT): Row {
  return { name, bytes: ({ good }) => postBytes(path, good, body), status, code, ...(param === undefined ? {} : { param }) };
}

/** A good body but for these fields; `undefined` takes one away. */
export function withFields(name: string, fields: object, refused: Refused, path: string = CHAT): Row {
  return withBody(name, JSON.stringify({ ...GOOD_BODY, ...fields }), refused, path);
}

/** A good body with lines of its own in the head. */
export function withHeaders(
  name: string,
  lines: (secrets: Secrets) => readonly string[],
  refused: Refused,
  key: 'good' | null = 'good',
): Row {
  const [status, code] = refused;
  return {
    name,
    bytes: (secrets) => postBytes(CHAT, key === null ? null : secrets[key], JSON.stringify(GOOD_BODY), lines(secrets)),
    status,
    code,
  };
}

/** A request line of its own, with a good key and a good body. */
export function withLine(name: string, method: string, path: string, refused: Refused): Row {
  const [status, code] = refused;
  const bytes = ({ good }: Secrets) => {
    const post = postBytes(CHAT, good, JSON.stringify(GOOD_BODY)).toString('latin1');
    return post.replace(`POST ${CHAT}`, `${method} ${path}`);
  };
  return { name, bytes, status, code };
}

/** Bytes of every kind. */
export function withBytes(name: string, bytes: (secrets: Secrets) => Buffer | string, refused: Refused): Row {
  const [status, code] = refused;
  return { name, bytes, status, code };
}

/** What an answer should not be. Everything but status and code is the same for every row. */
export function rowProblems(answer: RawAnswer, row: Row, unspeakable: readonly string[]): string[] {
  const problems: string[] = [];
  const error = errorIn(answer.body);
  const code = error.code ?? error.type;
  if (answer.status !== row.status || code !== row.code)
    problems.push(`answered ${answer.status} ${code}, not ${row.status} ${row.code}: ${answer.everything.slice(0, 400)}`);
  if (row.param !== undefined && error.param !== row.param) problems.push(`param is ${error.param}, not ${row.param}`);
  if (!/^req_[0-9a-f]{32}$/.test(answer.headers['x-request-id'] ?? '')) problems.push('it has no request id of ours');
  if (answer.status < 500 && answer.status !== 408 && answer.headers['x-should-retry'] !== 'false')
    problems.push('it does not say that repeating is useless');
  const leak = LEAK.exec(answer.everything)?.[0] ?? unspeakable.find((word) => answer.everything.includes(word));
  if (leak !== undefined) problems.push(`it says ${JSON.stringify(leak)}`);
  return problems.map((problem) => `${row.name}: ${problem}`);
}

/** Stacks, source files, secrets. */
const LEAK = /\n\s+at \S+|node_modules|server\/src|\w\.ts:\d|sk-PROVIDER\S*|hgadm_\w+|sk-hg-[0-9A-Za-z]{20}/;

function errorIn(body: string): { readonly code?: string; readonly type?: string; readonly param?: string | null } {
  try {
    return (JSON.parse(body) as { error?: object }).error ?? {};
  } catch {
    return {};
  }
}
