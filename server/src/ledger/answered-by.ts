import type { AnsweredBy } from '../domain/decision/attempts-made.ts';
import type { EndRecord } from './records.ts';

/**
 * Returns the upstream of a record's deployment: as its ledger entries name it, else without the model, for an endpoint that is
 * free. Null if the record names no provider.
 */
export function answeredBy({ deploymentId, provider, entries }: EndRecord): AnsweredBy | null {
  const entry = entries.findLast((one) => one.deploymentId === deploymentId);
  if (entry !== undefined) return { provider: entry.provider, upstreamModel: entry.upstreamModel };
  return provider ? { provider, upstreamModel: '' } : null;
}
