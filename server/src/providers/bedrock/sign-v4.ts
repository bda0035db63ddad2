/**
 * Signature Version 4 of AWS, for services other than S3: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 * Pure, apart from a cache of the key that is derived for each day.
 */
import { createHash, createHmac, hash } from 'node:crypto';
import { type Bytes, Pieces } from '../../lib/pieces.ts';

/** The keys that sign. A session token belongs to keys that end. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

export interface Scope {
  readonly region: string;
  readonly service: string;
}

export interface Signable {
  readonly method: 'GET' | 'POST';
  /** The value of the `host` header. */
  readonly host: string;
  /** The path as it is sent, that is encoded, with its query. */
  readonly path: string;
  /** Further headers to sign, as flat pairs with lower-case names in the order of the alphabet. */
  readonly headers: readonly string[];
  /** The SHA-256 of the body, in hexadecimal. */
  readonly payloadHash: string;
}

/** Returns the headers that sign a request, as flat pairs: its time, the hash of its body, the session's token and the signature. */
export function signingHeaders(
  request: Omit<Signable, 'headers' | 'payloadHash'> & { readonly contentType: string | null; readonly body: Bytes | null },
  keys: AwsKeys,
  scope: Scope,
  nowMs: number,
): string[] {
  const date = amzDate(nowMs);
  const payloadHash = hashOf(request.body);
  const own = ['x-amz-content-sha256', payloadHash, 'x-amz-date', date];
  if (keys.sessionToken !== null) own.push('x-amz-security-token', keys.sessionToken);
  const contentType = request.contentType === null ? [] : ['content-type', request.contentType];
  const { method, host, path } = request;
  const signable = { method, host, path, headers: [...contentType, 'host', host, ...own], payloadHash };
  return [...own, 'authorization', authorization(signable, keys, scope, date)];
}

/** Returns the value of the `authorization` header. `date`: the time in the form of `amzDate`. */
export function authorization(request: Signable, keys: AwsKeys, scope: Scope, date: string): string {
  const day = date.slice(0, 8);
  const range = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${range}\n${hash('sha256', canonicalRequest(request), 'hex')}`;
  const signature = createHmac('sha256', signingKey(keys, scope, day))
    .update(text)
    .digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${range}, SignedHeaders=${namesIn(request.headers)}, Signature=${signature}`;
}

/** Returns the text that is signed. The path, which is encoded already, is encoded once more: `%3A` becomes `%253A`. */
export function canonicalRequest({ method, path, headers, payloadHash }: Signable): string {
  const mark = path.indexOf('?');
  const plain = mark === -1 ? path : path.slice(0, mark);
  const query = mark === -1 ? '' : canonicalQuery(path.slice(mark + 1));
  let lines = '';
  for (let at = 0; at < headers.length; at += 2)
    lines += `${headers[at]}:${(headers[at + 1] as string).trim().replace(/ +/g, ' ')}\n`;
  return `${method}\n${plain.split('/').map(encoded).join('/')}\n${query}\n${lines}\n${namesIn(headers)}\n${payloadHash}`;
}

/** Returns the time as AWS writes it: `20250102T030405Z`. */
export function amzDate(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

export function hashOf(body: Bytes | null): string {
  if (!(body instanceof Pieces)) return hash('sha256', body ?? '', 'hex');
  const all = createHash('sha256');
  for (const piece of body.buffers) all.update(piece);
  return all.digest('hex');
}

/** Encodes everything but letters, digits and `-._~`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Sorts the parts of a query, which are encoded already, by name and value. */
function canonicalQuery(query: string): string {
  const pairs = query.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    return equals === -1 ? ([pair, ''] as const) : ([pair.slice(0, equals), pair.slice(equals + 1)] as const);
  });
  return pairs
    .sort(([one, a], [other, b]) => compared(one, other) || compared(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compared(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function namesIn(headers: readonly string[]): string {
  return headers.filter((_, at) => at % 2 === 0).join(';');
}

interface Derived extends Scope {
  readonly day: string;
  readonly key: Buffer;
}

/** The key of the day by the keys it is derived from. Deriving it takes four hashes, and a signature one. */
const derivedKeys = new WeakMap<AwsKeys, Derived>();

function signingKey(keys: AwsKeys, { region, service }: Scope, day: string): Buffer {
  const known = derivedKeys.get(keys);
  if (known !== undefined && known.day === day && known.region === region && known.service === service) return known.key;
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  ) as Buffer;
  derivedKeys.set(keys, { day, region, service, key });
  return key;
}
