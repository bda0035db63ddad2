/** Service tiers, speeds and regions of providers, converted to one word of ours: see domain/money/service-tier.ts. */

/** The words for the ordinary price, in requests and in answers. `on_demand` is Groq's. */
const ORDINARY: ReadonlySet<string> = new Set([
  '',
  'default',
  'standard',
  'standard_only',
  'on_demand',
  'global',
  'not_available',
]);
/** The word that leaves the choice to the provider. */
const AUTO = 'auto';

const PLAIN_WORD = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * Returns the tier that an answer names. Each part of it is the value of one field. Empty: the ordinary one. Null: it names none.
 * A value that is no plain word becomes `unknown`.
 */
export function answeredTier(serviceTier: unknown, speed?: unknown, region?: unknown): string | null {
  return withTier(withTier(withTier(null, serviceTier), speed), region);
}

function withTier(tier: string | null, field: unknown): string | null {
  if (typeof field !== 'string') return tier;
  if (ORDINARY.has(field) || field === AUTO) return tier ?? '';
  const plain = PLAIN_WORD.test(field) ? field.toLowerCase() : 'unknown';
  return tier === null || tier === '' ? plain : `${tier}+${plain}`;
}

/**
 * Returns the word for what one field of a request asks for. Null: it leaves the choice to the provider. Empty: it insists on the
 * ordinary tier.
 */
export function askedWord(field: unknown): string | null {
  if (field === undefined || field === null || field === AUTO) return null;
  if (typeof field !== 'string' || !PLAIN_WORD.test(field)) return 'unknown';
  return ORDINARY.has(field) ? '' : field.toLowerCase();
}

/** Returns a text from outside in a form that is safe in a unit's name: plain, at most 64 characters, without separators. */
export function plainName(text: string): string {
  return text.slice(0, 64).replace(/[^A-Za-z0-9_.:-]/g, '_');
}
