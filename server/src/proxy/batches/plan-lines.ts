/** Reads the input of a new batch, and works out what each line holds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BATCH_BOUNDS } from '../../domain/batches/batch.ts';
import { batchPrice, type PriceOfBatch } from '../../domain/batches/batch-price.ts';
import type { LinePlan } from '../../domain/batches/line-plan.ts';
import { estimateHold } from '../../domain/limits/hold.ts';
import { hasOutput } from '../../domain/routing/modes.ts';
import { linesOf } from '../../lib/lines-of.ts';
import { type Candidate, holdCandidateOf } from '../deployments/candidate.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { type Entitlement, entitlementOf, outputHistoryOf } from '../entitlement.ts';
import type { Gateway } from '../gateway.ts';
import { invalidRequest, Refusal } from '../refusal.ts';
import { fittingCandidates } from '../settlement/unpriced.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';
import { type BadLine, bad, type ReadLine, readLine } from './read-line.ts';

/** The input of a batch that can be admitted. */
export interface PlannedBatch {
  readonly entitlement: Entitlement;
  readonly candidate: Candidate;
  readonly price: PriceOfBatch | null;
  readonly lines: readonly LinePlan[];
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly sent: number;
}

/** The model of a batch, known from its first line that can be read. */
interface OfModel {
  readonly entitlement: Entitlement;
  readonly candidate: Candidate;
  readonly price: PriceOfBatch | null;
}

/** Plans a batch. Throws the refusal of its model, and 400 if no line of it can be sent. */
export async function planLines(
  pieces: AsyncIterable<Buffer>,
  key: CachedKey,
  endpoint: Endpoint,
  gateway: Gateway,
): Promise<PlannedBatch> {
  const lines: LinePlan[] = [];
  const ids = new Set<string>();
  let of: OfModel | null = null;
  let first: BadLine | null = null;
  let [tokens, nanoUsd, sent, bytesInTurn] = [0, 0, 0, 0];
  for await (const { bytes } of linesOf(pieces, BATCH_BOUNDS.lineBytes)) {
    bytesInTurn += bytes?.length ?? 0;
    if (bytesInTurn > TURN_BYTES) {
      bytesInTurn = 0;
      await nextTurn();
    }
    let read = readLine(bytes, endpoint.path, endpoint.wire);
    if (read.is === 'read' && ids.has(read.customId)) read = bad('duplicate_custom_id', 'custom_id occurs twice.', read.customId);
    if (read.is === 'read') {
      ids.add(read.customId);
      of ??= modelOf(read.facts.model, key, endpoint, gateway);
      read = fitting(read, of);
    }
    if (read.is === 'bad') {
      first ??= read;
      lines.push({ is: 'refused', error: read.error });
      continue;
    }
    const held = holdOf(read, of as OfModel, key, endpoint);
    lines.push(held);
    tokens += held.inputTokens + held.outputTokens;
    nanoUsd += held.nanoUsd;
    sent += 1;
  }
  if (of === null || sent === 0)
    throw invalidRequest(
      first === null
        ? 'The input file has no lines.'
        : `No line of the input file can be sent. The first problem: ${first.message}`,
      'input_file_id',
    );
  if (tokens > Number.MAX_SAFE_INTEGER || nanoUsd > Number.MAX_SAFE_INTEGER)
    throw invalidRequest('The lines of the batch together are more than any limit can hold.', 'input_file_id');
  return { ...of, lines, tokens, nanoUsd, sent };
}

/** The bytes of lines that are read in one turn of the event loop. */
const TURN_BYTES = 256 * 1024;

/** Finds the deployment that serves a batch of a model: one whose provider takes batches, in the format of the lines. */
function modelOf(name: string, key: CachedKey, endpoint: Endpoint, gateway: Gateway): OfModel {
  const entitlement = entitlementOf(key, name, gateway);
  if (entitlement.refusal !== null) throw entitlement.refusal;
  const { ordinary, needsPrice } = entitlement;
  const serving = ordinary.filter(({ deployment }) => takesBatches(deployment, endpoint, gateway));
  if (serving.length === 0)
    throw invalidRequest(
      `The model \`${name}\` has no enabled deployment that takes batches of ${endpoint.path}. Call the endpoint itself, or ask an admin for a deployment at a provider with a batch API.`,
      'model',
    );
  const priced = needsPrice ? serving.filter(({ price }) => price !== null) : serving;
  const [candidate] = [...priced].sort((one, other) => one.priority - other.priority || other.weight - one.weight);
  if (candidate === undefined)
    throw new Refusal(
      'model_not_priced',
      `The model \`${name}\` has no price at a deployment that takes batches, and a blocking budget covers this batch. Ask an admin to set a price.`,
      { param: 'model' },
    );
  return { entitlement, candidate, price: candidate.price === null ? null : batchPrice(candidate.price) };
}

function takesBatches(deployment: Candidate['deployment'], { wire, mode }: Endpoint, gateway: Gateway): boolean {
  const provider = gateway.providers.get(deployment.provider);
  if (provider === undefined || deployment.credential === null || deployment.mode !== mode) return false;
  // Lines are not translated: the provider answers them in its own format.
  return provider.wireFor(wire, deployment) === wire && (provider.batches?.(deployment.credential) ?? null) !== null;
}

/** Returns the line, or why it cannot be sent with the others. */
function fitting(line: ReadLine, { entitlement, candidate }: OfModel): ReadLine | BadLine {
  const { facts, customId } = line;
  if (facts.model !== entitlement.name)
    return bad('model_mismatch', `All lines of a batch name one model; the first names ${entitlement.name}.`, customId);
  if (!entitlement.needsPrice || facts.beyond.length === 0) return line;
  try {
    if (fittingCandidates(entitlement, facts)?.has(candidate) ?? true) return line;
    return bad('unsupported_field', 'The line asks for something that has no price.', customId);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return bad('unsupported_field', error.message, customId);
  }
}

type Held = Extract<LinePlan, { readonly is: 'held' }>;

/**
 * Returns what a line holds. Under a budget that blocks, output without a cap is held at the most that the model writes, because
 * nothing can be extended or cut later.
 */
function holdOf(
  { facts, bytes }: ReadLine,
  { entitlement, candidate, price }: OfModel,
  key: CachedKey,
  { mode }: Endpoint,
): Held {
  const estimate = estimateHold({
    bodyBytes: bytes + (facts.moreBytes ?? 0),
    mediaParts: facts.mediaParts,
    mediaBytes: facts.mediaBytes,
    outputTokensMax: hasOutput(mode) ? facts.outputCap : 0,
    choices: facts.answers,
    candidates: [{ ...holdCandidateOf(candidate), price: price?.price ?? null }],
    history: outputHistoryOf(key, facts.model),
    outputCap: entitlement.needsPrice && hasOutput(mode) ? 'uncapped' : 'as_asked',
    tokensMax: Number.POSITIVE_INFINITY,
    beyond: facts.beyond,
  });
  const bounded = (tokens: number) => Math.min(tokens, 0xffffffff);
  return {
    is: 'held',
    inputTokens: bounded(estimate.inputTokens),
    outputTokens: bounded(estimate.outputTokens),
    nanoUsd: estimate.nanoUsd,
  };
}
