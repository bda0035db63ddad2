/** Service tiers, speeds and regions as providers write them, in one word of ours: see domain/money/service-tier.ts. */

/** Words for what costs the ordinary price, in requests and in answers. `on_demand` is Groq's. */
const ORDINARY: ReadonlySet<string> = new Set([
  '',
  'default',
  'standard',
  'standard_only',
  'on_demand',
  'global',
  'not_available',
]);
/** What leaves the choice to the provider. */
const AUTO = 'auto';

const PLAIN_WORD = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * The tier that an answer names, each part of it the value of one of its fields: empty for the ordinary one, null where it names none. What is no
 * plain word is `unknown`.
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

/** The word for what one field of a request asks for: null when it leaves the choice to the provider, empty when it insists on the ordinary. */
export function askedWord(field: unknown): string | null {
  if (field === undefined || field === null || field === AUTO) return null;
  if (typeof field !== 'string' || !PLAIN_WORD.test(field)) return 'unknown';
  return ORDINARY.has(field) ? '' : field.toLowerCase();
}

/** A text that others chose, as it may stand in a unit's name: plain, short, and without what separates names. */
export function plainName(text: string): string {
  return text.slice(0, 64).replace(/[^A-Za-z0-9_.:-]/g, '_');
}
