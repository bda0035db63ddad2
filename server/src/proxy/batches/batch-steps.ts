/** The steps of a batch at its provider, from its row: send the lines, make the provider's batch, wait, and hand over the results. */
import { type EndedStatus, endOfVendor, GRACE_MS, isEnded, pollAfterMs, retryAfterMs } from '../../domain/batches/batch.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { type VendorBatch, VendorProblem, vendorBatches } from '../../providers/vendor-batches.ts';
import type { BatchStep } from '../../store/batches/batch-work.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import { FileGone, NoContentKey } from '../files/file-store.ts';
import type { Gateway } from '../gateway.ts';
import type { BatchParts } from './batch-parts.ts';
import { cleanUp } from './clean-up.ts';
import { finishBatch } from './finish-batch.ts';
import { linesToSend } from './send-lines.ts';
import { goOn, ignoreRefused, note, now, vendorOf, type Work } from './work.ts';

/** Takes the next step of a batch, and notes when the one after it is due. */
export async function takeStep(row: BatchRow, parts: BatchParts, signal: AbortSignal): Promise<void> {
  const deployment = await deploymentOf(row, parts.gateway);
  const vendor =
    deployment === null ? null : vendorBatches(parts.gateway.providers.get(deployment.provider), deployment.credential);
  const work = { row, parts, signal, deployment, vendor };
  try {
    await step(work);
  } catch (error) {
    if (signal.aborted) return;
    await noteFailure(work, error);
  }
}

function step(work: Work): Promise<void> {
  const { row } = work;
  if (isEnded(row.status)) return cleanUp(work);
  if (row.vendorEnd !== null) return finishBatch(work);
  if (row.vendorBatchId !== null) return watch(work);
  if (row.makingAt !== null) return find(work);
  if (row.status === 'cancelling') return ended(work, 'cancelled');
  if (isOver(work)) return ended(work, 'expired');
  return row.vendorFileId === null ? send(work) : make(work);
}

/** Uploads the lines. If an upload began before, its file may be there: it is deleted first. */
async function send(work: Work): Promise<void> {
  const { row, parts, signal } = work;
  const vendor = vendorOf(work);
  const filename = `${row.id}.jsonl`;
  if (row.sendingAt !== null) {
    for (const id of await vendor.filesNamed(filename, signal)) await vendor.remove(id, signal).catch(ignoreRefused);
  }
  const noted = await note(work, { sendingAt: now(parts) });
  const lines = await linesToSend(work);
  if (noted === null) return;
  const vendorFileId = await vendor.upload(filename, lines, signal);
  await goOn(work, { vendorFileId });
}

async function make(work: Work): Promise<void> {
  const { row, parts, signal } = work;
  const vendor = vendorOf(work);
  if ((await note(work, { makingAt: now(parts) })) === null) return;
  const made = await vendor.create({ ours: row.id, fileId: row.vendorFileId ?? '', endpoint: row.endpoint }, signal);
  await begun(work, made);
}

/** A process died, or got no answer, while it made the provider's batch: looks for it before another is made. */
async function find(work: Work): Promise<void> {
  const { row, signal } = work;
  const found = await vendorOf(work).findOurs(row.id, row.makingAt?.getTime() ?? 0, signal);
  if (found !== null) return begun(work, found);
  await goOn(work, { makingAt: null });
}

function begun(work: Work, made: VendorBatch): Promise<void> {
  const at = now(work.parts);
  return goOn(work, { status: 'in_progress', inProgressAt: at, vendorBatchId: made.id, nextAt: new Date(at.getTime() + 1_000) });
}

/** Looks how far the provider is. */
async function watch(work: Work): Promise<void> {
  const { row, parts, signal } = work;
  const vendor = vendorOf(work);
  const id = row.vendorBatchId ?? '';
  const isLate = isOver(work);
  // One that is ending cannot be cancelled, and need not be.
  if (row.status === 'cancelling' || isLate) await vendor.cancel(id, signal).catch(ignoreRefused);
  const found = await vendor.get(id, signal);
  const end = endOfVendor(found.status);
  const nowMs = parts.gateway.clock.nowMs();
  if (end === null) {
    const ageMs = nowMs - row.createdAt.getTime();
    const most = row.total - row.refused;
    const counts = { completed: Math.min(found.completed, most), failed: row.refused + Math.min(found.failed, most) };
    await goOn(work, { ...counts, nextAt: new Date(nowMs + (row.status === 'cancelling' ? 1_000 : pollAfterMs(ageMs))) });
    return;
  }
  const files = { vendorOutputId: found.outputFileId, vendorErrorId: found.errorFileId };
  const errors = found.errors.length === 0 ? {} : { errors: found.errors.map((error) => ({ ...error, param: null })) };
  await ended(work, isLate && end === 'cancelled' ? 'expired' : end, { ...files, ...errors });
}

/** Notes the end at the provider. The next step settles the lines. */
async function ended(work: Work, end: EndedStatus, more: BatchStep = {}): Promise<void> {
  await goOn(work, { ...more, vendorEnd: end, status: 'finalizing', finalizingAt: now(work.parts) });
}

async function noteFailure(work: Work, error: unknown): Promise<void> {
  const { row, parts } = work;
  if (isStoreUnavailable(error)) throw error;
  const { message, kind, retryMs } = failureOf(error);
  const failures = row.failures + 1;
  if (kind === 'bug') parts.log.warn({ err: error, batch_id: row.id }, 'batches: a step failed and is repeated');
  const isBefore = row.vendorEnd === null && row.vendorBatchId === null;
  if (kind === 'lasting' && isBefore)
    return ended(work, 'failed', { errors: [{ code: 'provider_error', message, param: null, line: null }] });
  if (row.vendorEnd === null && kind !== 'bug' && (isOver(work) || (kind === 'missing' && failures >= MISSING_MAX))) {
    if (!isBefore)
      parts.log.warn(
        { batch_id: row.id, reason: message },
        'batches: a batch at a provider cannot be found any more; its lines are not charged, but the provider may charge them',
      );
    const errors = [{ code: 'provider_error', message, param: null, line: null }];
    return ended(work, isOver(work) ? 'expired' : 'failed', { errors });
  }
  const atMs = parts.gateway.clock.nowMs() + Math.max(retryMs ?? 0, retryAfterMs(failures));
  await note(work, { failures, trouble: message.slice(0, 500), nextAt: new Date(atMs) });
}

/** So often something of the provider is looked for that it says does not exist. */
const MISSING_MAX = 5;

function failureOf(error: unknown): { message: string; kind: 'again' | 'missing' | 'lasting' | 'bug'; retryMs: number | null } {
  if (error instanceof VendorProblem) {
    const kind = error.kind === 'refused' ? 'lasting' : error.kind;
    return { message: error.message, kind, retryMs: Math.min(error.retryAfterMs ?? 0, 300_000) };
  }
  if (error instanceof FileGone || error instanceof NoContentKey)
    return { message: 'The input file was deleted before it was sent.', kind: 'lasting', retryMs: null };
  return { message: error instanceof Error ? error.message : String(error), kind: 'bug', retryMs: null };
}

/** The time past which nothing of a batch is begun or awaited. */
function isOver({ row, parts }: Work): boolean {
  const graceMs = row.vendorBatchId === null ? 0 : GRACE_MS;
  return parts.gateway.clock.nowMs() >= row.expiresAt.getTime() + graceMs;
}

/** Returns the deployment of a batch, also a disabled one: what runs there is settled. Null if it was deleted. */
async function deploymentOf(row: BatchRow, gateway: Gateway): Promise<DeploymentConfig | null> {
  for (const { members } of gateway.snapshot.catalogue().targets.values()) {
    for (const { deployment } of members) if (deployment.id === row.deploymentId) return deployment;
  }
  const key = await gateway.snapshot.keyById(row.organizationId, row.keyId);
  for (const own of key?.holder.config?.own?.byModel.values() ?? []) {
    for (const deployment of own) if (deployment.id === row.deploymentId) return deployment;
  }
  return null;
}
