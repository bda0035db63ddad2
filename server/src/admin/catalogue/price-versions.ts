import { z } from 'zod';
import type { GivenPrice } from '../../domain/money/price-units.ts';
import { newId } from '../../lib/id.ts';
import type { PriceRow } from '../../store/catalogue/prices.ts';
import * as prices from '../../store/catalogue/prices.ts';
import type { Change } from '../http/change.ts';
import { invalid } from '../http/problem.ts';

/** The most that a caller's clock may be behind ours, in milliseconds. */
const CLOCK_SKEW_MS_MAX = 60_000;

/**
 * Returns the time from which a price applies: now if the text is absent. Throws 400 for the past, because charges never change.
 */
export function effectiveFrom(text: string | undefined, now: Date): Date {
  if (text === undefined) return now;
  const from = new Date(text);
  if (from.getTime() < now.getTime() - CLOCK_SKEW_MS_MAX) {
    throw invalid('/effective_from', 'must not be in the past: earlier charges do not change');
  }
  return from > now ? from : now;
}

/** The origin of a price version. */
export interface Provenance {
  /** The account, token or program that added the version. */
  readonly createdBy: string;
  /** The edition of the published list that the price was taken from, or null if somebody gave the price. */
  readonly listEdition: string | null;
  /** The name and version of the imported list that the price was taken from. */
  readonly imported?: string | null;
}

/** Adds a version. Of two versions that begin at the same instant, the newer applies. */
export async function addPriceVersion(
  { tx, now }: Change,
  deploymentId: string,
  from: Date,
  { perMillion, units }: GivenPrice,
  { createdBy, listEdition, imported = null }: Provenance,
): Promise<PriceRow> {
  const id = newId('price', now.getTime());
  const source = listEdition === null ? null : 'list';
  const told = { source, sourceVersion: listEdition ?? imported, createdBy } as const;
  return prices.insert(tx, { id, deploymentId, effectiveFrom: from, perMillion, units, ...told, createdAt: now });
}

/** The API fields for the origin of a price version. */
export const provenanceOut = {
  source: z.enum(['list', 'imported', 'given']).meta({
    description:
      'The origin of the price. `list`: the published list. `imported`: a list that somebody imported. `given`: a person or a program set it.',
  }),
  source_version: z
    .string()
    .nullable()
    .meta({ description: 'The edition of the list, or the name and version of the imported list. Null if it was not recorded.' }),
  created_by: z
    .string()
    .nullable()
    .meta({ description: 'The account or token that added the version. Null for versions older than this field.' }),
};

export function renderProvenance({ source, sourceVersion, createdBy }: PriceRow) {
  // Earlier versions show an imported price as given, because they know no other origin. Only an imported one has a version.
  const origin = source ?? (sourceVersion === null ? ('given' as const) : ('imported' as const));
  return { source: origin, source_version: sourceVersion, created_by: createdBy };
}
