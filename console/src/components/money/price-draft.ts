import type { Schema } from '../../api/client.ts';
import type { Prices } from '../../api/gateway.ts';
import { decimalOf } from '../../forms/decimal.ts';
import { BUCKETS, type PriceBucket, type PriceUnit, priceLines, UNITS } from './price-words.ts';
import { words } from './words.ts';

/** Prices as the person typed them. An empty text means no price. */
export type RateTexts = Readonly<Record<PriceBucket, string>>;

export interface ContextTierDraft {
  /** A key that only tells rows apart. */
  readonly row: string;
  readonly above: number | '';
  readonly rates: RateTexts;
}

export interface ServiceTierDraft {
  readonly row: string;
  readonly name: string;
  readonly rates: RateTexts;
  /** The price of a picture, for a tier that names a quality or a size. */
  readonly picture: string;
}

export interface PriceDraft {
  readonly rates: RateTexts;
  readonly units: Readonly<Record<PriceUnit, string>>;
  readonly contexts: readonly ContextTierDraft[];
  readonly services: readonly ServiceTierDraft[];
  /** The names of the tiers in the original price. The body must name each removed one. */
  readonly namesBefore: readonly string[];
}

const NO_RATES = Object.fromEntries(BUCKETS.map((bucket) => [bucket, ''])) as RateTexts;
const NO_UNITS = Object.fromEntries(UNITS.map((unit) => [unit, ''])) as PriceDraft['units'];

export const NO_PRICE: PriceDraft = { rates: NO_RATES, units: NO_UNITS, contexts: [], services: [], namesBefore: [] };

let rows = 0;
function newRow(): string {
  rows += 1;
  return `tier-${rows}`;
}

export function newContextTier(): ContextTierDraft {
  return { row: newRow(), above: '', rates: NO_RATES };
}

export function newServiceTier(): ServiceTierDraft {
  return { row: newRow(), name: '', rates: NO_RATES, picture: '' };
}

export function priceDraftOf(prices: Prices | null | undefined): PriceDraft {
  if (prices == null) return NO_PRICE;
  const { per_unit, context_tiers = [], service_tiers = {}, ...rates } = prices;
  return {
    rates: { ...NO_RATES, ...rates },
    units: { ...NO_UNITS, ...per_unit },
    contexts: context_tiers.map(({ above_input_tokens: above, ...rates }) => ({
      ...newContextTier(),
      above,
      rates: { ...NO_RATES, ...rates },
    })),
    services: Object.entries(service_tiers).map(([name, { per_unit: pieces, ...rates }]) => ({
      ...newServiceTier(),
      name,
      rates: { ...NO_RATES, ...rates },
      picture: pieces?.image ?? '',
    })),
    namesBefore: Object.keys(service_tiers),
  };
}

/** Returns the price to send. It is a whole price, in which null removes what was there before. Null if nothing has a price. */
export function pricesFrom({ rates, units, contexts, services, namesBefore }: PriceDraft): Schema<'PriceChange'> | null {
  const names = new Set(services.map(({ name }) => name.trim()));
  const gone = namesBefore.filter((name) => !names.has(name));
  const isNothing = [rates, units].every(isEmpty) && contexts.length === 0 && services.length === 0;
  if (isNothing) return null;
  return {
    ...given(rates),
    per_unit: given(units),
    context_tiers: contexts.map(({ above, rates }) => ({ above_input_tokens: above as number, ...given(rates) })),
    service_tiers: Object.fromEntries([
      ...gone.map((name) => [name, null] as const),
      ...services.map(
        ({ name, rates, picture }) => [name.trim(), { ...given(rates), per_unit: given({ image: picture }) }] as const,
      ),
    ]),
  };
}

/**
 * Returns the errors to show before sending, by the path of the field. Two tiers with the same name would become one, so this
 * refuses them.
 */
export function priceFaults({ contexts, services }: PriceDraft, at: string): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const [index, { above }] of contexts.entries()) {
    const path = `${at}.context_tiers.${index}.above_input_tokens`;
    const before = contexts[index - 1]?.above ?? '';
    if (above === '') faults[path] = words.enterInputTokens;
    else if (before !== '' && above <= before) faults[path] = words.enterLargerNumber;
  }
  for (const [index, { name }] of services.entries()) {
    const earlier = services.slice(0, index).some((other) => other.name.trim() === name.trim());
    if (name.trim() === '') faults[serviceAt(at, index)] = words.enterTierName;
    else if (earlier) faults[serviceAt(at, index)] = words.tierListed;
  }
  return faults;
}

/** Returns the form's path for an error in a tier's name. The server identifies tiers by name, the form by row. */
export function serviceAt(at: string, index: number): string {
  return `${at}.services.${index}.name`;
}

/** Lists everything that has a price, one per line. */
export function priceWords(draft: PriceDraft): string {
  const prices = shownPrices(draft);
  const lines = priceLines(prices).map(({ label, usd }) => `${label}: ${usd === null ? words.standardPrice : `$${usd}`}`);
  return lines.length === 0 ? words.unpriced : lines.join('\n');
}

function shownPrices({ rates, units, contexts, services }: PriceDraft): Prices {
  return {
    ...typed(rates),
    per_unit: typed(units),
    context_tiers: contexts.map(({ above, rates }) => ({ above_input_tokens: above === '' ? 0 : above, ...typed(rates) })),
    service_tiers: Object.fromEntries(
      services.map(({ name, rates, picture }) => [name.trim(), { ...typed(rates), per_unit: typed({ image: picture }) }]),
    ),
  };
}

type Texts<Name extends string> = Readonly<Record<Name, string>>;

function isEmpty(texts: Texts<string>): boolean {
  return Object.values(texts).every((text) => text.trim() === '');
}

/** Returns the texts as decimals, null where empty. */
function given<Name extends string>(texts: Texts<Name>): Record<Name, string | null> {
  const pairs = Object.entries<string>(texts).map(([name, text]) => [name, text.trim() === '' ? null : decimalOf(text)]);
  return Object.fromEntries(pairs) as Record<Name, string | null>;
}

function typed<Name extends string>(texts: Texts<Name>): Partial<Record<Name, string>> {
  return Object.fromEntries(Object.entries(given(texts)).filter(([, text]) => text !== null)) as Partial<Record<Name, string>>;
}
