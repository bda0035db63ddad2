/**
 * Charges lines of a batch, some hundred at a time, each once.
 *
 * A line's row has an id that the batch and the line determine, and the ledger takes each id once. What is settled is noted in the
 * batch after its rows are in the ledger. If a process dies before that, its rows are found here by their ids, and nothing is counted a
 * second time.
 */
import type { Hold } from '../../counters/counters.ts';
import { BATCH_TIER, LINE_ENDPOINT } from '../../domain/batches/batch.ts';
import type { LineHold, LineSet, PackedLines } from '../../domain/batches/line-plan.ts';
import type { EndRecord, LedgerEntry } from '../../ledger/records.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import type { BatchParts } from './batch-parts.ts';
import { lineRequestId } from './line-ids.ts';
import type { LineCharge } from './read-result.ts';

/** A line to settle. `charge` null: it failed, and costs nothing. */
export interface EndedLine {
  readonly line: number;
  readonly held: LineHold;
  readonly httpStatus: number;
  readonly charge: LineCharge | null;
}

/** The batch that is being settled. `row` is replaced with each note. */
export interface Settling {
  row: BatchRow;
  readonly plan: PackedLines;
  readonly settled: LineSet;
  readonly parts: BatchParts;
}

/** Thrown when another process works on the batch now. */
export class BatchLost extends Error {}

/** Settles lines that are not settled yet, and waits until their rows are in the ledger. Throws BatchLost. */
export async function settleLines(settling: Settling, ended: readonly EndedLine[]): Promise<void> {
  const { parts, settled } = settling;
  const { organizationId, id, createdAt } = settling.row;
  const open = ended.filter(({ line }) => !settled.has(line));
  if (open.length === 0) return;
  const idOf = ({ line }: EndedLine) => lineRequestId(id, line, createdAt.getTime());
  const known = new Map(
    (await parts.store.settledAmong(organizationId, createdAt, open.map(idOf))).map((row) => [row.requestId, row]),
  );
  const fresh = open.filter((line) => !known.has(idOf(line)));
  let [tokens, nanoUsd] = [0, 0];
  for (const row of known.values()) [tokens, nanoUsd] = [tokens + row.tokens, nanoUsd + row.nanoUsd];
  for (const { charge } of fresh) [tokens, nanoUsd] = [tokens + (charge?.tokens ?? 0), nanoUsd + (charge?.nanoUsd ?? 0)];
  for (const { line } of open) settled.add(line);
  if (fresh.length > 0) await charge(settling, fresh);
  const { row } = settling;
  const noted = await parts.store.noteSettled(row, parts.owner, settled.bits, {
    settledLines: row.settledLines + open.length,
    spentTokens: Math.min(row.spentTokens + tokens, Number.MAX_SAFE_INTEGER),
    spentNanoUsd: Math.min(row.spentNanoUsd + nanoUsd, Number.MAX_SAFE_INTEGER),
  });
  if (noted === null) throw new BatchLost();
  settling.row = noted;
}

/** Writes the rows of lines, and moves what they held to what they used. Resolves when the rows are in the ledger. */
async function charge(settling: Settling, fresh: readonly EndedLine[]): Promise<void> {
  const { parts, plan, settled } = settling;
  const next = await parts.store.note(settling.row, parts.owner, { holdNumber: settling.row.holdNumber + 1 });
  if (next === null) throw new BatchLost();
  settling.row = next;
  const atMs = next.createdAt.getTime();
  const lines = fresh.map(({ line, held }) => ({
    requestId: lineRequestId(next.id, line, atMs),
    tokens: held.inputTokens + held.outputTokens,
    nanoUsd: held.nanoUsd,
  }));
  const holds = await parts.holds.split(next, plan.heldBut(settled), lines);
  for (const [index, line] of fresh.entries()) write(line, next, holds[index] ?? null, parts);
  await parts.stored();
}

function write(line: EndedLine, row: BatchRow, hold: Hold | null, { gateway }: BatchParts): void {
  const record = recordOf(line, row);
  gateway.journal.end(record);
  gateway.traffic.settled(record);
  if (line.charge !== null && line.charge.why !== 'reported') gateway.traffic.estimated(line.charge.why);
  if (line.charge?.why === 'implausible') gateway.traffic.usageImplausible(row.provider);
  if (hold === null) return;
  const actual = { tokens: line.charge?.tokens ?? 0, nanoUsd: line.charge?.nanoUsd ?? 0 };
  // As for every request: the counters follow once the row is in the file.
  gateway.journal.afterWrite(() => {
    const settling = gateway.counters.settle(hold, actual, hold.plan);
    // The counters are a cache of the ledger. If they fail, the row is authoritative.
    if (settling instanceof Promise) settling.catch(() => {});
  }, record.requestId);
}

function recordOf({ line, httpStatus, charge: charged }: EndedLine, row: BatchRow): EndRecord {
  const isEstimate = charged !== null && charged.why !== 'reported';
  return {
    organizationId: row.organizationId,
    teamId: row.teamId,
    keyId: row.keyId,
    memberId: row.memberId,
    serviceAccountId: row.serviceAccountId,
    calledName: row.calledName,
    requestId: lineRequestId(row.id, line, row.createdAt.getTime()),
    clientRequestId: `${row.id}:${line + 1}`,
    admittedAtMs: row.createdAt.getTime(),
    status: charged === null ? 'failed' : isEstimate ? 'estimated' : 'succeeded',
    httpStatus,
    code: charged === null ? 'provider_error' : null,
    param: null,
    endpoint: LINE_ENDPOINT,
    stream: false,
    deploymentId: row.deploymentId,
    provider: row.provider,
    attempts: 1,
    finishReason: charged?.finishReason ?? null,
    gatewayUs: 0,
    providerMs: null,
    firstTokenMs: null,
    entries: charged === null ? [] : [entryOf(charged, row)],
    decision: row.decision,
    // The request that made the batch is counted, and its lines are not.
    count: 0,
    repeatIds: [],
    content: null,
    tried: null,
  };
}

function entryOf({ usage, nanoUsd, why, unpricedUnits }: LineCharge, row: BatchRow): LedgerEntry {
  return {
    attempt: 1,
    kind: why === 'reported' ? 'usage' : 'estimated',
    deploymentId: row.deploymentId,
    provider: row.provider,
    upstreamModel: row.upstreamModel,
    priceId: row.price?.id ?? null,
    usage: usage as Readonly<Record<string, number>>,
    nanoUsd,
    serviceTier: row.priceTier === null ? null : BATCH_TIER,
    unpricedUnits,
  };
}
