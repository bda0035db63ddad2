import { z } from 'zod';
import type { PriceUnits, ServiceRates } from '../../domain/money/price.ts';
import { invalid } from '../http/problem.ts';
import { never } from '../http/schemas.ts';
import {
  patchedPieces,
  patchedRates,
  pieceFields,
  piecesOut,
  rateFields,
  ratesOut,
  renderPieces,
  renderRates,
} from './price-rate-fields.ts';

/** The parts of a price beyond the rates of ordinary tokens: units, context tiers and service tiers. */

const TIERS_MAX = 8;
/** The most tokens that the usage of one answer may add up to. */
const TOKENS_MAX = 300_000_000;
const TOO_MANY_SERVICES = `must have at most ${TIERS_MAX} service tiers`;

const contextTier = z
  .strictObject({ above_input_tokens: z.int().min(1).max(TOKENS_MAX), ...rateFields })
  .refine(({ above_input_tokens: _, ...rates }) => Object.values(rates).some((text) => text != null), {
    message: 'must have a price for at least one bucket',
  })
  .meta(never({ properties: Object.fromEntries(Object.keys(rateFields).map((field) => [field, { type: 'null' }])) }));

/**
 * A service tier's name as providers write it. The first character excludes names that mean something to JavaScript
 * (`__proto__`).
 */
const serviceTier = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_.+-]{0,31}$/,
    'must be a service tier name: 1 to 32 of a-z, 0-9, "_", ".", "+" and "-", beginning with a letter or digit',
  );

/** The fields of a price beside the rates of its buckets. */
export const unitFields = {
  per_unit: z.strictObject(pieceFields).nullish().meta({
    description:
      'USD for one unit: `search` is a web search by the provider, `request` the request itself, `image` a generated image, `second_input` and `second_output` a second of audio or video read or generated, `page` a page read, `search_unit` one query over up to 100 documents, `character` a character spoken. A unit that is absent is unpriced: a blocking budget refuses requests that may use it; other requests settle without it.',
  }),
  context_tiers: z.array(contextTier).max(TIERS_MAX).superRefine(requireAscending).nullish().meta({
    description:
      'Rates for the whole request if its input is above this many tokens, ascending. The highest tier that is reached applies. A bucket without a rate keeps its ordinary rate.',
  }),
  service_tiers: z
    .record(serviceTier, z.strictObject({ ...rateFields, per_unit: z.strictObject(pieceFields).nullish() }).nullable())
    .refine((tiers) => Object.keys(tiers).length <= TIERS_MAX, TOO_MANY_SERVICES)
    .meta({ maxProperties: TIERS_MAX })
    .nullish()
    .meta({
      description:
        'Rates by the provider’s name for a service tier or speed: `priority`, `flex`, `batch`, `fast`. Combined names are joined by `+` (`fast+us`). A bucket without a rate keeps its ordinary rate, so `{}` gives the tier the ordinary rates. A tier that is absent is unpriced. Pictures have names of their quality and size (`hd+1024x1792`, `hd`, `1024x1792`) with their own `per_unit`; the name that says most of a picture applies, and one without a name has the ordinary price.',
    }),
};
type UnitsBody = { readonly [Name in keyof typeof unitFields]?: z.output<(typeof unitFields)[Name]> };

/** The fields in the API's answers. Each is absent if the price has nothing of its kind. */
export const unitsOut = {
  per_unit: piecesOut.optional(),
  context_tiers: z.array(z.object({ above_input_tokens: z.int(), ...ratesOut.shape })).optional(),
  service_tiers: z
    .record(z.string(), z.object({ ...ratesOut.shape, per_unit: piecesOut.optional() }).meta({ id: 'PriceByTier' }))
    .optional(),
};

/**
 * Applies a PATCH: absent keeps, null removes, and context tiers are replaced as a whole. Throws 400 for more than 8 service
 * tiers.
 */
export function patchedUnits(stored: PriceUnits, patch: UnitsBody): PriceUnits {
  const { perUnit = {}, contextTiers = [], serviceTiers = {} } = stored;
  const { per_unit, context_tiers, service_tiers } = patch;
  return {
    perUnit: per_unit === null ? {} : patchedPieces(perUnit, per_unit ?? {}),
    contextTiers: context_tiers === undefined ? contextTiers : (context_tiers ?? []).map(contextTierFrom),
    serviceTiers: service_tiers === null ? {} : patchedServices(serviceTiers, service_tiers ?? {}),
  };
}

export function renderUnits({ perUnit = {}, contextTiers = [], serviceTiers = {} }: PriceUnits) {
  const pieces = renderPieces(perUnit);
  const contexts = contextTiers.map(({ aboveInputTokens, perMillion }) => ({
    above_input_tokens: aboveInputTokens,
    ...renderRates(perMillion),
  }));
  const services = Object.entries(serviceTiers).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    ...(Object.keys(pieces).length === 0 ? {} : { per_unit: pieces }),
    ...(contexts.length === 0 ? {} : { context_tiers: contexts }),
    ...(services.length === 0
      ? {}
      : { service_tiers: Object.fromEntries(services.map(([name, rates]) => [name, renderService(rates)])) }),
  };
}

function renderService({ perMillion, perUnit = {} }: ServiceRates) {
  const pieces = renderPieces(perUnit);
  return { ...renderRates(perMillion), ...(Object.keys(pieces).length === 0 ? {} : { per_unit: pieces }) };
}

function contextTierFrom({ above_input_tokens: aboveInputTokens, ...rates }: z.output<typeof contextTier>) {
  return { aboveInputTokens, perMillion: patchedRates({}, rates) };
}

type Services = NonNullable<PriceUnits['serviceTiers']>;

function patchedServices(stored: Services, patch: NonNullable<UnitsBody['service_tiers']>): Services {
  const merged = new Map(Object.entries(stored));
  for (const [name, rates] of Object.entries(patch)) {
    if (rates === null) merged.delete(name);
    else merged.set(name, patchedService(merged.get(name), rates));
  }
  if (merged.size > TIERS_MAX) throw invalid('/prices/service_tiers', TOO_MANY_SERVICES);
  return Object.fromEntries(merged);
}

type ServiceBody = NonNullable<NonNullable<UnitsBody['service_tiers']>[string]>;

function patchedService(stored: ServiceRates | undefined, { per_unit: pieces, ...rates }: ServiceBody): ServiceRates {
  const perMillion = patchedRates(stored?.perMillion ?? {}, rates);
  const perUnit = pieces === null ? {} : patchedPieces(stored?.perUnit ?? {}, pieces ?? {});
  return Object.keys(perUnit).length === 0 ? { perMillion } : { perMillion, perUnit };
}

function requireAscending(tiers: readonly { readonly above_input_tokens: number }[], context: z.RefinementCtx): void {
  for (const [index, tier] of tiers.entries()) {
    const before = tiers[index - 1];
    if (before === undefined || tier.above_input_tokens > before.above_input_tokens) continue;
    const message = 'must be larger than in the tier before: context tiers are in ascending order';
    context.addIssue({ code: 'custom', path: [index, 'above_input_tokens'], message });
  }
}
