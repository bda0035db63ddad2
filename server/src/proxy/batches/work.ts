/** A batch at work, and the notes that its steps make. */
import { isEnded } from '../../domain/batches/batch.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { type VendorBatches, VendorProblem } from '../../providers/vendor-batches.ts';
import type { BatchStep } from '../../store/batches/batch-work.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import type { BatchParts } from './batch-parts.ts';

/** A batch at work. The provider is null if its deployment was deleted. */
export interface Work {
  readonly row: BatchRow;
  readonly parts: BatchParts;
  readonly signal: AbortSignal;
  readonly deployment: DeploymentConfig | null;
  readonly vendor: VendorBatches | null;
}

/** Notes a step that succeeded. The next one is due at once, unless `nextAt` says otherwise. */
export async function goOn(work: Work, done: BatchStep): Promise<void> {
  await note(work, { nextAt: now(work.parts), ...done, failures: 0, trouble: null });
}

export function vendorOf({ vendor }: Work): VendorBatches {
  if (vendor === null)
    throw new VendorProblem('again', 'The deployment or its credential is gone, so the provider cannot be asked.');
  return vendor;
}

/**
 * Notes a step. Returns null if the process does not own the batch any more: then it must stop. A batch whose cancellation was requested
 * meanwhile keeps that state until it ends.
 */
export function note({ row, parts }: Work, changes: BatchStep): Promise<BatchRow | null> {
  const isEnd = changes.status !== undefined && isEnded(changes.status);
  return parts.store[isEnd ? 'note' : 'noteUnlessCancelling'](row, parts.owner, changes);
}

export function now(parts: BatchParts): Date {
  return new Date(parts.gateway.clock.nowMs());
}

export function ignoreRefused(error: unknown): void {
  if (!(error instanceof VendorProblem) || error.kind === 'again') throw error;
}
