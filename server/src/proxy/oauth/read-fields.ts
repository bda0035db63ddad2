/** The fields of a request to an OAuth endpoint: of a form, or of a flat JSON object. */
import { isObject } from '../../dialects/json.ts';

export const OAUTH_BODY_BYTES_MAX = 65_536;
const FIELDS_MAX = 64;
const FIELD_CHARS_MAX = 16_384;

export type Fields = ReadonlyMap<string, string>;

/** Reads the fields of a body. Returns one sentence about what is wrong, for a body that has none. Never throws. */
export function readFields(body: Buffer, contentType: string | undefined): Fields | string {
  if (body.length > OAUTH_BODY_BYTES_MAX) return `The body is larger than ${OAUTH_BODY_BYTES_MAX} bytes.`;
  const text = body.toString('utf8');
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return fieldsOfJson(text);
  if (type === 'application/x-www-form-urlencoded' || type === '') return collect(new URLSearchParams(text));
  return 'The body must be a form (`application/x-www-form-urlencoded`) or JSON (`application/json`).';
}

function fieldsOfJson(text: string): Fields | string {
  let value: unknown;
  try {
    value = JSON.parse(text === '' ? '{}' : text);
  } catch {
    return 'The body is not valid JSON.';
  }
  if (!isObject(value)) return 'The body must be a JSON object.';
  // RFC 6749 ignores fields that nobody knows, whatever they hold.
  return collect(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function collect(pairs: Iterable<[string, string]>): Fields | string {
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (fields.has(name)) return 'The body has a field twice. Send each field once.';
    if (fields.size >= FIELDS_MAX) return `The body has more than ${FIELDS_MAX} fields.`;
    if (value.length > FIELD_CHARS_MAX) return `A field is longer than ${FIELD_CHARS_MAX} characters.`;
    // A field without a value counts as absent (RFC 6749, 3.2).
    if (value !== '') fields.set(name, value);
  }
  return fields;
}
