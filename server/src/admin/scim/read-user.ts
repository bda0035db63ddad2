import { NAME_LENGTH_MAX, parseName } from '../../domain/tenancy/names.ts';
import { emailKey } from '../../store/identity/scim-people.ts';
import { email as emailSchema } from '../http/fields.ts';
import {
  type Attribute,
  attributeNamed,
  type ComplexAttribute,
  LIST_MAX,
  type Parts,
  type SimpleAttribute,
  USER_ATTRIBUTES,
} from './attributes.ts';
import { invalidSyntax, invalidValue } from './scim-error.ts';

/** The attributes of a person that the directory keeps, in the form of SCIM. Only attributes of the table are in it. */
export type UserResource = Readonly<Record<string, unknown>>;

/** A person as a request describes them, made plausible. */
export interface ReadUser {
  /** Null: the request does not say. */
  readonly active: boolean | null;
  /** Without `active`. */
  readonly resource: UserResource;
  readonly userName: string;
  readonly externalId: string | null;
  /** The name for the account and for lists. */
  readonly name: string;
  /** The address that counts, in lower case. */
  readonly email: string;
  readonly emailKeys: readonly string[];
}

interface Email {
  readonly value: string;
  readonly type?: string;
  readonly primary?: boolean;
}

/** Reads a person. Drops what the directory does not keep. Throws a ScimError that names the attribute. */
export function readUser(body: unknown): ReadUser {
  const { active = null, ...resource } = readAttributes(body) as { active?: boolean } & Record<string, unknown>;
  const { userName, externalId = null } = resource as { userName?: string; externalId?: string | null };
  if (userName === undefined) throw invalidValue('userName is required.');
  const emails = withOnePrimary((resource.emails ?? []) as readonly Email[]);
  return {
    active,
    resource: { ...resource, ...(emails.length === 0 ? {} : { emails }) },
    userName,
    externalId,
    name: nameOf(resource, userName),
    email: addressOf(emails, userName),
    emailKeys: [...new Set(emails.flatMap(keysOf))],
  };
}

/** Reads the attributes of the table from an object. Null and empty values count as absent. */
function readAttributes(body: unknown): Record<string, unknown> {
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object.');
  const read: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(body)) {
    const [name, attribute] = attributeNamed(USER_ATTRIBUTES, given) ?? [];
    if (name === undefined || attribute === undefined) continue;
    const kept = readValue(name, attribute, value);
    if (kept !== undefined) read[name] = kept;
  }
  return read;
}

/** Reads the value of an attribute. Undefined: there is none. */
export function readValue(name: string, attribute: Attribute, value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  switch (attribute.is) {
    case 'complex':
      return readParts(name, attribute, value);
    case 'list': {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (list.length > LIST_MAX) throw invalidValue(`${name} must have at most ${LIST_MAX} values.`);
      const kept: readonly object[] = list.flatMap((one): readonly object[] => {
        const parts = readParts(name, attribute, one);
        return parts !== undefined && 'value' in parts ? [parts] : [];
      });
      return kept.length === 0 ? undefined : kept;
    }
    default:
      return readSimple(name, attribute, value);
  }
}

function readParts(name: string, { parts }: ComplexAttribute, value: unknown): Record<string, unknown> | undefined {
  if (!isObject(value)) throw invalidValue(`${name} must be an object.`);
  const read: Record<string, unknown> = {};
  for (const [given, inner] of Object.entries(value)) {
    const [part, attribute] = attributeNamed<Parts[string]>(parts, given) ?? [];
    if (part === undefined || attribute === undefined) continue;
    const kept = inner === null || inner === '' ? undefined : readSimple(`${name}.${part}`, attribute, inner);
    if (kept !== undefined) read[part] = kept;
  }
  return Object.keys(read).length === 0 ? undefined : read;
}

/** Entra sends `"True"` and `"False"` as texts. */
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false };

export function readSimple(name: string, attribute: SimpleAttribute, value: unknown): string | boolean {
  if (attribute.is === 'flag') {
    const read = typeof value === 'boolean' ? value : typeof value === 'string' ? FLAGS[value.toLowerCase()] : undefined;
    if (read === undefined) throw invalidValue(`${name} must be true or false.`);
    return read;
  }
  if (typeof value !== 'string') throw invalidValue(`${name} must be a text.`);
  if (value.length > attribute.lengthMax) throw invalidValue(`${name} must have at most ${attribute.lengthMax} characters.`);
  if (value.trim() === '' || !isPlain(value))
    throw invalidValue(
      `${name} must not be blank, and must not contain control characters or marks that change the direction of text.`,
    );
  return value;
}

/** Reports whether a text has only characters that a name may have. It may be longer than a name. */
function isPlain(value: string): boolean {
  const chars = [...value];
  for (let at = 0; at < chars.length; at += PIECE) {
    // Spaces at the end of a piece are not those of the text.
    if (parseName(`x${chars.slice(at, at + PIECE).join('')}x`).is === 'invalid') return false;
  }
  return true;
}

const PIECE = NAME_LENGTH_MAX - 2;

/** Of several primary addresses only the last one stays so. */
function withOnePrimary(emails: readonly Email[]): readonly Email[] {
  const last = emails.findLastIndex(({ primary }) => primary === true);
  return emails.map((one, index) => (one.primary === true && index !== last ? { ...one, primary: false } : one));
}

/** Returns the address that counts: the primary one, else the one for work, else the first, else the user name. */
function addressOf(emails: readonly Email[], userName: string): string {
  const found =
    emails.find(({ primary }) => primary === true) ?? emails.find(({ type }) => type?.toLowerCase() === 'work') ?? emails[0];
  const parsed = emailSchema.safeParse(found?.value ?? userName);
  if (parsed.success) return parsed.data;
  throw invalidValue(
    found === undefined
      ? 'The person has no e-mail address: send emails, or a userName that is an address.'
      : 'The e-mail address that counts (the primary one, else the one for work) is not valid.',
  );
}

function nameOf({ displayName, name }: UserResource, userName: string): string {
  const { formatted, givenName, familyName } = (name ?? {}) as Readonly<Record<string, string | undefined>>;
  const joined = [givenName, familyName].filter((part) => part !== undefined).join(' ');
  const parsed = parseName(String(displayName ?? formatted ?? (joined === '' ? userName : joined)));
  if (parsed.is === 'invalid') throw invalidValue(`The name of the person ${parsed.problem}.`);
  return parsed.value;
}

function keysOf({ value, type }: Email): readonly string[] {
  return type === undefined ? [emailKey(null, value)] : [emailKey(null, value), emailKey(type, value)];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
