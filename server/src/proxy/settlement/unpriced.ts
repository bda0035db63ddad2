import type { RequestFacts } from '../../dialects/dialect.ts';
import { type Beyond, type Missing, missingOf, unitOf } from '../../domain/money/beyond.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Entitlement } from '../entitlement.ts';
import { Refusal } from '../refusal.ts';

/**
 * A refusal: a `block` budget covers the request, which asks for something billed beyond tokens that no candidate has a price or
 * bound for.
 */
export class UnpricedParameter extends Refusal {
  /** The name of what has no price. */
  readonly unit: string;

  constructor(missing: Missing, modelName: string) {
    super('unpriced_parameter', sentence(missing, modelName), { param: paramOf(missing) });
    this.unit = unitOf(missing.asked);
  }
}

/**
 * Returns the candidates that have a price and a bound for everything a request asks for beyond ordinary tokens; null if all
 * have. For requests under a `block` budget. Throws UnpricedParameter if none has.
 */
export function fittingCandidates(entitlement: Entitlement, { beyond }: RequestFacts): ReadonlySet<Candidate> | null {
  if (beyond.length === 0) return null;
  const { candidates, ordinary, name } = entitlement;
  const fitting = new Set<Candidate>();
  let first: Missing | null = null;
  for (const candidate of candidates.values()) {
    if (candidate.price === null) continue;
    const missing = missingOf(beyond, candidate.price, candidate.deployment.searchesMax ?? null);
    if (missing === null) fitting.add(candidate);
    else first ??= missing;
  }
  if (first !== null && !ordinary.some((candidate) => fitting.has(candidate))) throw new UnpricedParameter(first, name);
  return fitting.size === candidates.size ? null : fitting;
}

function paramOf({ asked, why }: Missing): string {
  return why === 'unbounded' && asked.is === 'lookups' ? (asked.lookups.boundParam ?? asked.param) : asked.param;
}

function sentence(missing: Missing, modelName: string): string {
  const { asked, why } = missing;
  const covered = 'A blocking budget covers this call, so it was not sent.';
  if (why === 'unbounded' && asked.is === 'lookups') {
    const bound = asked.lookups.boundParam === null ? 'Leave it out' : `Set \`${asked.lookups.boundParam}\``;
    return `The cost of \`${asked.param}\` has no upper bound (${unitOf(asked)}). ${covered} ${bound}, or ask an admin to set the most searches per request at the deployment.`;
  }
  return `No deployment of the model \`${modelName}\` has a price for \`${asked.param}\` (${unitOf(asked)}). ${covered} ${wayOut(asked)}`;
}

function wayOut(asked: Beyond): string {
  const leave = 'Leave it out, or ask an admin to';
  switch (asked.is) {
    case 'lookups':
      return `${leave} set a price for a search.`;
    case 'tier':
      return `${leave} set rates for this service tier.`;
    case 'bucket':
      return `${leave} set a price for these tokens.`;
    case 'context':
      return `${leave} set a price for long prompts.`;
    case 'pieces':
      return `Ask an admin to set a price for \`${asked.pieces.unit}\` in the units of the deployment's price.`;
    default:
      return 'Leave it out, or use a key without a blocking budget.';
  }
}
