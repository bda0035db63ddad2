import { z } from 'zod';
import type { GivenPrice } from '../../domain/money/price-units.ts';
import { newId } from '../../lib/id.ts';
import type { PriceRow } from '../../store/catalogue/prices.ts';
import * as prices from '../../store/catalogue/prices.ts';
import type { Change } from '../http/change.ts';
import { invalid } from '../http/problem.ts';

/** A caller's clock may be behind ours by this much. */
const CLOCK_SKEW_MS_MAX = 60_000;

/** From when a price holds: now unless said. Throws 400 for the past, because what was charged stays. */
export function effectiveFrom(text: string | undefined, now: Date): Date {
  if (text === undefined) return now;
  const from = new Date(text);
  if (from.getTime() < now.getTime() - CLOCK_SKEW_MS_MAX) {
    throw invalid('/effective_from', 'a price holds from now or later on: what was charged stays');
  }
  return from > now ? from : now;
}

/** Where a version comes from. */
export interface Provenance {
  /** Account, token or program. */
  readonly createdBy: string;
  /** The edition of the published list that it was taken from; null: somebody gave it. */
  readonly listEdition: string | null;
}

/** Adds a version. Of two that begin at one instant the newer holds. */
export async function addPriceVersion(
  { tx, now }: Change,
  deploymentId: string,
  from: Date,
  { perMillion, units }: GivenPrice,
  { createdBy, listEdition }: Provenance,
): Promise<PriceRow> {
  const id = newId('price', now.getTime());
  const source = listEdition === null ? null : 'list';
  const told = { source, sourceVersion: listEdition, createdBy } as const;
  return prices.insert(tx, { id, deploymentId, effectiveFrom: from, perMillion, units, ...told, createdAt: now });
}

/** How the API tells where a version comes from. */
export const provenanceOut = {
  source: z.enum(['list', 'given']).meta({ description: '`list`: taken from the published list; `given`: somebody gave it.' }),
  source_version: z.string().nullable().meta({ description: 'The edition of the list; null where it was not kept.' }),
  created_by: z
    .string()
    .nullable()
    .meta({ description: 'The account or token that added it; null for versions from before this was kept.' }),
};

export function renderProvenance({ source, sourceVersion, createdBy }: PriceRow) {
  return { source: source ?? ('given' as const), source_version: sourceVersion, created_by: createdBy };
}
