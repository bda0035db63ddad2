import { z } from 'zod';
import { canonicalTimeZone, TIME_ZONE_PATTERN } from '../../domain/limits/period.ts';
import type { Parsed } from '../../domain/parsed.ts';
import {
  MODEL_NAME_PATTERN,
  NAME_PATTERN,
  namePattern,
  parseModelName,
  parseName,
  parseSlug,
  SLUG_PATTERN,
} from '../../domain/tenancy/names.ts';
import { PERMISSIONS } from '../../domain/tenancy/permission.ts';
import { onOff, text } from './schemas.ts';

/** Parts of request and answer schemas that several resources share. Every text and list has a maximum length. */

/**
 * Returns a schema for text that a domain function parses. The parsed value is kept: a name without surrounding spaces, for
 * example.
 */
function readBy<T extends string>(
  read: (text: string) => Parsed<T>,
  form: { readonly lengthMax: number; readonly pattern: string },
) {
  return z
    .string()
    .max(form.lengthMax)
    .transform((text, context) => {
      const parsed = read(text);
      if (parsed.is === 'valid') return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.problem });
      return z.NEVER;
    })
    .meta({ maxLength: form.lengthMax, pattern: form.pattern });
}

/** The addresses that `email` accepts, with spaces around them. */
const EMAIL_PATTERN =
  "^\\s*(?:[A-Za-z0-9_'+-]+\\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\\.)+[A-Za-z]{2,}\\s*$";

/** An e-mail address, kept in lower case: two accounts must not differ by case alone. */
export const email = z
  .string()
  .max(254)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.email('must be an e-mail address'))
  .meta({ pattern: EMAIL_PATTERN, examples: ['ada@acme.test'] });

export const name = readBy(parseName, { lengthMax: 400, pattern: NAME_PATTERN }).meta({ examples: ['Acme'] });
export const slug = readBy(parseSlug, { lengthMax: 63, pattern: SLUG_PATTERN }).meta({ examples: ['acme'] });
export const modelName = readBy(parseModelName, { lengthMax: 200, pattern: MODEL_NAME_PATTERN }).meta({
  examples: ['gpt-5-nano'],
});

/** Returns the schema of a name that must be shorter than others. */
export function shortName(charsMax: number) {
  return name
    .refine((value) => [...value].length <= charsMax, `must have at most ${charsMax} characters`)
    .meta({ pattern: namePattern(charsMax) });
}

export const timeZone = z
  .string()
  .max(64)
  .transform((text, context) => {
    const zone = canonicalTimeZone(text);
    if (zone !== null) return zone;
    context.addIssue({ code: 'custom', message: 'must be an IANA time zone, such as Europe/Paris' });
    return z.NEVER;
  })
  .meta({ pattern: TIME_ZONE_PATTERN, description: 'A name of the IANA time zone database.', examples: ['Europe/Paris'] });

/** Printable ASCII, which every database accepts. */
export const id = z
  .string()
  .max(64)
  .regex(/^[\x21-\x7e]+$/, 'must be an id: up to 64 visible ASCII characters without spaces');
export const idParams = z.object({ id });

/** A query parameter that is on or off. */
export const flag = onOff.optional();

const FIRST_INSTANT_MS = Date.UTC(1970, 0);
const END_OF_INSTANTS_MS = Date.UTC(10_000, 0);

/**
 * An RFC 3339 time with an offset, in the years 1970 to 9999; answers are in UTC. No event here is older. Outside these years,
 * JavaScript and PostgreSQL read and write times differently.
 */
export const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => {
    const ms = Date.parse(text);
    return ms >= FIRST_INSTANT_MS && ms < END_OF_INSTANTS_MS;
  }, 'must be in the years 1970 to 9999')
  .meta({ examples: ['2026-03-10T12:00:00Z'] });
export const instantOut = z.string().meta({ format: 'date-time' });

export const isoOf = (date: Date): string => date.toISOString();
export const isoOrNull = (date: Date | null): string | null => (date === null ? null : date.toISOString());

const METADATA_BYTES_MAX = 16_384;

/** People's own facts about an object. A PATCH merges them, and null removes a name. */
export const metadata = z
  .record(text(64, 1), z.unknown())
  .refine((value) => isStorable(value), 'must not contain NUL characters or unpaired surrogates')
  .refine((value) => JSON.stringify(value).length <= METADATA_BYTES_MAX, `must have at most ${METADATA_BYTES_MAX} bytes`)
  .meta({
    description: `Facts of your own, at most ${METADATA_BYTES_MAX} bytes as JSON, without NUL characters. A PATCH merges them, and null removes a name.`,
    examples: [{ cost_center: '4711' }],
  });
export const metadataOut = z.record(z.string(), z.unknown());

export const capabilities = z.array(z.enum(PERMISSIONS)).meta({ description: 'The permissions of the caller here.' });

/** Reports whether PostgreSQL can store a value as JSON. It refuses text with NUL or with half of a surrogate pair. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner));
}

/** Merges a metadata patch: null removes a name, and null for the whole removes all. */
export function mergedMetadata(
  stored: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, unknown> {
  if (patch === undefined) return { ...stored };
  if (patch === null) return {};
  return Object.fromEntries(Object.entries({ ...stored, ...patch }).filter(([, value]) => value !== null));
}
