import { z } from 'zod';
import { canonicalTimeZone } from '../../domain/limits/period.ts';
import type { Parsed } from '../../domain/parsed.ts';
import { parseModelName, parseName, parseSlug } from '../../domain/tenancy/names.ts';
import { PERMISSIONS } from '../../domain/tenancy/permission.ts';

/** Pieces of request and answer schemas that several resources share. Every text and list is bounded. */

/** Text that a domain function reads. What it returns is what is kept (a name without surrounding spaces, a zone as IANA spells it). */
function readBy<T extends string>(read: (text: string) => Parsed<T>, lengthMax: number) {
  return z
    .string()
    .max(lengthMax)
    .transform((text, context) => {
      const parsed = read(text);
      if (parsed.is === 'valid') return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.problem });
      return z.NEVER;
    });
}

/** An e-mail address, kept in lower case: two accounts must not differ by case alone. */
export const email = z
  .string()
  .max(254)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.email('is not an e-mail address'));

export const name = readBy(parseName, 400);
export const slug = readBy(parseSlug, 63);
export const modelName = readBy(parseModelName, 200);
export const timeZone = z
  .string()
  .max(64)
  .transform((text, context) => {
    const zone = canonicalTimeZone(text);
    if (zone !== null) return zone;
    context.addIssue({ code: 'custom', message: 'is not a time zone of the IANA database, like Europe/Paris' });
    return z.NEVER;
  });

/** Printable ASCII: what no database has trouble with. */
export const id = z
  .string()
  .max(64)
  .regex(/^[\x21-\x7e]+$/, 'is not an id');
export const idParams = z.object({ id });

/** A query parameter that is on or off. */
export const flag = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] }).optional();

const FIRST_INSTANT_MS = Date.UTC(1970, 0);
const END_OF_INSTANTS_MS = Date.UTC(10_000, 0);

/**
 * RFC 3339 with an offset, in the years 1970 to 9999; shown in UTC. Nothing that happens here is older, and both JavaScript and PostgreSQL
 * read and write years outside of these in ways of their own.
 */
export const instant = z.iso.datetime({ offset: true }).refine((text) => {
  const ms = Date.parse(text);
  return ms >= FIRST_INSTANT_MS && ms < END_OF_INSTANTS_MS;
}, 'is not in the years 1970 to 9999');
export const instantOut = z.string().meta({ format: 'date-time' });

export const isoOf = (date: Date): string => date.toISOString();
export const isoOrNull = (date: Date | null): string | null => (date === null ? null : date.toISOString());

const METADATA_BYTES_MAX = 16_384;

/** People's own facts about an object; merged by PATCH, where null takes a name away. */
export const metadata = z
  .record(z.string().min(1).max(64), z.unknown())
  .refine((value) => isStorable(value), 'metadata has no NUL and no half of a surrogate pair')
  .refine((value) => JSON.stringify(value).length <= METADATA_BYTES_MAX, `metadata has at most ${METADATA_BYTES_MAX} bytes`);
export const metadataOut = z.record(z.string(), z.unknown());

export const capabilities = z.array(z.enum(PERMISSIONS)).meta({ description: 'What the caller may do here.' });

/** PostgreSQL keeps every JSON but text with NUL or with half a character. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner));
}

/** Merges a metadata patch: null takes a name away, null as a whole takes all. */
export function mergedMetadata(
  stored: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, unknown> {
  if (patch === undefined) return { ...stored };
  if (patch === null) return {};
  return Object.fromEntries(Object.entries({ ...stored, ...patch }).filter(([, value]) => value !== null));
}
