/** Makes a batch: reads its input, takes its hold in one step, stores it, and only then lets it begin. */
import { CountersUnreachable, type HoldResult } from '../../counters/counters.ts';
import { BATCH_BOUNDS, CREATE_ENDPOINT, VOUCHED_MS, WINDOW_MS } from '../../domain/batches/batch.ts';
import { LineSet, packLines } from '../../domain/batches/line-plan.ts';
import { shapeOf } from '../../domain/decision/decision.ts';
import type { HoldEstimate } from '../../domain/limits/hold.ts';
import type { LimitPlan } from '../../domain/limits/limit-plan.ts';
import { findsFile } from '../../domain/tenancy/files.ts';
import { placeOf } from '../../domain/tenancy/stored-responses.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { EndRecord } from '../../ledger/records.ts';
import { newId, restampRequestId } from '../../lib/id.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import { StoreError } from '../../store/errors.ts';
import { callerOf } from '../authenticate.ts';
import { admittedDecision, encodeDecision } from '../decisions/explain.ts';
import type { Gateway } from '../gateway.ts';
import { type LimitRefusal, limitRefusal } from '../limit-refusal.ts';
import { invalidRequest, Refusal, serviceUnavailable } from '../refusal.ts';
import { chargedFor } from '../settlement/charged.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';
import type { BatchParts } from './batch-parts.ts';
import type { AskedBatch } from './batches.ts';
import { planOfBatch, planOfLines } from './limit-plans.ts';
import { type PlannedBatch, planLines } from './plan-lines.ts';

export async function createBatch(key: CachedKey, asked: AskedBatch, parts: BatchParts): Promise<BatchRow> {
  const { gateway, files, store } = parts;
  const caller = callerOf(key);
  const file = await files.find(caller.organization.id, asked.inputFileId);
  if (file === null || !findsFile(caller, file)) throw fileNotFound(asked.inputFileId);
  if (file.purpose !== 'batch') throw invalidRequest('The input file of a batch must have the purpose `batch`.', 'input_file_id');
  if ((await store.countRunning(caller.organization.id)) >= BATCH_BOUNDS.ofOrganization)
    throw new Refusal(
      'rate_limit_exceeded',
      `The organization has ${BATCH_BOUNDS.ofOrganization} batches that have not ended, the most at once. Try again when one has ended.`,
      { retry: { is: 'after', ms: 60_000, hammerProof: true } },
    );
  if (!gateway.journal.room())
    throw serviceUnavailable('The settlement journal is full, so no request that costs money can start. Try again later.');
  const planned = await planLines(files.read(caller.organization, file), key, asked.endpoint, gateway);
  return admitBatch(key, caller, asked, planned, parts);
}

export function fileNotFound(id: string): Refusal {
  return new Refusal('not_found', `There is no file ${id.slice(0, 80)} that this key finds.`, { param: 'input_file_id' });
}

async function admitBatch(
  key: CachedKey,
  caller: Caller,
  asked: AskedBatch,
  planned: PlannedBatch,
  parts: BatchParts,
): Promise<BatchRow> {
  const { gateway } = parts;
  const plan = planOfBatch(planned.entitlement);
  if (plan.rules.length > 0) gateway.journal.shape(plan.organizationId, plan.shapeId, JSON.stringify(shapeOf(plan).rules));
  const estimate = estimateOf(planned);
  const result = await take(asked.requestId, plan, estimate, gateway);
  if (!result.admitted) throw refused(key, result, asked, planned, plan, estimate, gateway);
  const requestId = restampRequestId(asked.requestId, result.atMs);
  const giveBack = () => gateway.counters.settle(result.hold, NOTHING, plan);
  if (result.isDegraded === true) {
    await giveBack();
    throw serviceUnavailable('A batch cannot be admitted while the shared counters cannot be reached. Try again in a moment.');
  }
  const decision = admittedDecision({ ...planned.entitlement, plan }, estimate, result.readings);
  const row = rowOf(caller, asked, planned, { requestId, atMs: result.atMs, decision }, parts);
  const lines = { plan: packLines(planned.lines), settled: LineSet.empty(planned.lines.length).bits };
  try {
    await parts.holds.begin(row, planOfLines(key, row, gateway), () => parts.store.insert(row, lines));
  } catch (error) {
    await giveBack();
    throw error;
  }
  const record = recordOf(key, asked, row, planned);
  gateway.journal.end(record);
  gateway.journal.afterWrite(() => void Promise.resolve(giveBack()).catch(() => {}), requestId);
  gateway.traffic.settled(record);
  // As of every request, the row is in the file before the client has its answer.
  await new Promise<void>((written) => gateway.journal.whenWritten(() => written(), requestId));
  parts.wake();
  return row;
}

const NOTHING = { tokens: 0, nanoUsd: 0 };

function estimateOf({ tokens, nanoUsd }: PlannedBatch): HoldEstimate {
  return { tokens, nanoUsd, nanoUsdMin: nanoUsd, inputTokens: tokens, outputTokens: 0, money: 'upper_bound' };
}

/** Takes the hold. Throws `service_unavailable` if the counters fail. */
async function take(requestId: string, plan: LimitPlan, wanted: HoldEstimate, gateway: Gateway): Promise<HoldResult> {
  try {
    return await gateway.counters.hold(requestId, plan, wanted);
  } catch (error) {
    if (error instanceof CountersUnreachable) throw serviceUnavailable(error.message);
    if (!(error instanceof StoreError)) gateway.defect(error, requestId);
    throw serviceUnavailable('The use of a limit or budget cannot be read right now. Try again in a moment.');
  }
}

/** Returns the refusal by a limit, and leaves a row that explains it. */
function refused(
  key: CachedKey,
  result: Extract<HoldResult, { admitted: false }>,
  asked: AskedBatch,
  planned: PlannedBatch,
  plan: LimitPlan,
  wanted: HoldEstimate,
  gateway: Gateway,
): LimitRefusal {
  const entitlement = { ...planned.entitlement, plan };
  const question = { outputCap: 'as_asked', outputTokensMax: null } as const;
  const refusal = limitRefusal(result, entitlement, wanted, question, asked.endpoint.wire);
  const decision = encodeDecision(plan.shapeId, entitlement.accessText, { wanted, answer: result });
  gateway.refused({
    ...emptyRecord(key, asked, planned.entitlement.name),
    requestId: restampRequestId(asked.requestId, result.atMs),
    admittedAtMs: result.atMs,
    status: 'refused',
    httpStatus: refusal.status,
    code: refusal.code,
    param: refusal.param,
    decision,
  });
  if (refusal.limit !== null) gateway.traffic.limited(refusal.limit);
  return refusal;
}

function recordOf(key: CachedKey, asked: AskedBatch, row: BatchRow, { entitlement }: PlannedBatch): EndRecord {
  return {
    ...emptyRecord(key, asked, entitlement.name),
    requestId: row.requestId,
    admittedAtMs: row.createdAt.getTime(),
    status: 'succeeded',
    httpStatus: 200,
    code: null,
    param: null,
    decision: row.decision,
  };
}

type EmptyRecord = Omit<EndRecord, 'requestId' | 'admittedAtMs' | 'status' | 'httpStatus' | 'code' | 'param' | 'decision'>;

function emptyRecord(key: CachedKey, { clientRequestId }: AskedBatch, calledName: string): EmptyRecord {
  return {
    ...chargedFor(key.config, calledName),
    clientRequestId,
    endpoint: CREATE_ENDPOINT,
    stream: false,
    deploymentId: null,
    provider: null,
    attempts: 0,
    finishReason: null,
    gatewayUs: 0,
    providerMs: null,
    firstTokenMs: null,
    entries: [],
    count: 1,
    repeatIds: [],
    content: null,
    tried: null,
  };
}

interface Admitted {
  readonly requestId: string;
  readonly atMs: number;
  readonly decision: string;
}

function rowOf(
  caller: Caller,
  { inputFileId, endpoint, metadata }: AskedBatch,
  { entitlement, candidate: { deployment }, price, lines, tokens, nanoUsd, sent }: PlannedBatch,
  { requestId, atMs, decision }: Admitted,
  { seal, owner }: BatchParts,
): BatchRow {
  const id = newId('batch', atMs);
  const { organization } = caller;
  const { memberId, serviceAccountId, calledName } = entitlement.charged;
  const createdAt = new Date(atMs);
  return {
    ...NEW,
    ...placeOf(caller),
    ...{ id, memberId, serviceAccountId, calledName, requestId, decision, inputFileId, createdAt },
    endpoint: endpoint.path,
    metadata: metadata === null ? null : seal(organization, id, JSON.stringify(metadata)),
    expiresAt: new Date(atMs + WINDOW_MS),
    deploymentId: deployment.id,
    provider: deployment.provider,
    upstreamModel: deployment.upstreamModel,
    price: price === null ? null : price.price,
    priceTier: price === null ? null : price.tier,
    total: lines.length,
    refused: lines.length - sent,
    failed: lines.length - sent,
    heldTokens: tokens,
    heldNanoUsd: nanoUsd,
    nextAt: createdAt,
    // Until another process may take it over, this one holds it.
    owner,
    ownedUntil: new Date(atMs + VOUCHED_MS),
  };
}

/** The fields of a batch on which nothing was done yet. */
const NEW = {
  status: 'validating',
  inProgressAt: null,
  finalizingAt: null,
  cancellingAt: null,
  endedAt: null,
  completed: 0,
  settledLines: 0,
  spentTokens: 0,
  spentNanoUsd: 0,
  holdNumber: 1,
  failures: 0,
  trouble: null,
  sendingAt: null,
  makingAt: null,
  vendorFileId: null,
  vendorBatchId: null,
  vendorEnd: null,
  vendorOutputId: null,
  vendorErrorId: null,
  isCleaned: false,
  outputFileId: null,
  errorFileId: null,
  errors: null,
} as const;
