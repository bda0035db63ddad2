/** A batch as OpenAI's clients read it. */
import { COMPLETION_WINDOW } from '../../domain/batches/batch.ts';
import { formatUsd } from '../../domain/money/money.ts';
import type { BatchRow } from '../../store/batches/batches.ts';

/** Returns the batch object. `headgate` says at which price it is charged, and what it cost so far. */
export function batchObject(row: BatchRow, metadata: Record<string, string> | null): object {
  const ended = (status: BatchRow['status']) => (row.status === status ? seconds(row.endedAt) : null);
  return {
    id: row.id,
    object: 'batch',
    endpoint: row.endpoint,
    model: row.calledName,
    errors: row.errors === null ? null : { object: 'list', data: row.errors },
    input_file_id: row.inputFileId,
    completion_window: COMPLETION_WINDOW,
    status: row.status,
    output_file_id: row.outputFileId,
    error_file_id: row.errorFileId,
    created_at: seconds(row.createdAt),
    in_progress_at: seconds(row.inProgressAt),
    expires_at: seconds(row.expiresAt),
    finalizing_at: seconds(row.finalizingAt),
    completed_at: ended('completed'),
    failed_at: ended('failed'),
    expired_at: ended('expired'),
    cancelling_at: seconds(row.cancellingAt),
    cancelled_at: ended('cancelled'),
    request_counts: { total: row.total, completed: row.completed, failed: row.failed },
    metadata,
    headgate: { charged_at: chargedAt(row), cost_usd: formatUsd(row.spentNanoUsd) },
  };
}

function chargedAt({ price, priceTier }: BatchRow): 'batch_price' | 'model_price' | 'unpriced' {
  if (price === null) return 'unpriced';
  return priceTier === null ? 'model_price' : 'batch_price';
}

function seconds(at: Date | null): number | null {
  return at === null ? null : Math.floor(at.getTime() / 1_000);
}
