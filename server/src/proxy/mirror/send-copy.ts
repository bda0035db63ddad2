import { type AnswerStream, type Exchange, UnreadableAnswer, Untranslatable } from '../../dialects/dialect.ts';
import type { CopyOutcome } from '../../domain/routing/mirror.ts';
import { totalTokens } from '../../domain/usage/usage.ts';
import type { Reply } from '../../http/request-reply.ts';
import type { UpstreamFailure } from '../../upstream/call.ts';
import { attempt } from '../attempt-outcome.ts';
import type { Attempt, Outcome, StreamSource } from '../attempts/outcome.ts';
import type { Candidate } from '../deployments/candidate.ts';
import { exchangeFor } from '../exchange-for.ts';
import type { Gateway } from '../gateway.ts';
import { tellDefect } from '../refuse.ts';
import { oweForAnswer, oweForBrokenAnswer } from '../settle.ts';
import { type Made, oweForError, oweForFailure, oweForGone } from '../settlement/owe-unanswered.ts';
import { upstreamHeaders } from '../upstream-headers.ts';
import type { Admission } from '../walk.ts';
import { sharedOut } from './copy-candidate.ts';
import type { CopyRecord } from './copy-state.ts';

/** The most bytes of an answer to a copy. A longer one is ended there. */
const ANSWER_BYTES_MAX = 1024 * 1024;

type Sent = Pick<CopyRecord, 'outcome' | 'reason' | 'sent'>;

/** The end of a copy, before it is a record. `failed` and `cut` name the reason. */
interface Ended {
  readonly outcome: CopyOutcome;
  readonly reason: string | null;
  readonly httpStatus: number | null;
}

/** Sends a copy, and reads its answer for its usage alone. What it costs is added up beside the original, which knows nothing of it. */
export async function sendCopy(candidate: Candidate, original: Admission, gateway: Gateway): Promise<Sent> {
  const copy = apart(original);
  const { deployment, price } = candidate;
  const { id: deploymentId, provider: name, upstreamModel } = deployment;
  const provider = gateway.providers.get(name);
  const upstream = provider?.wireFor(copy.walk.endpoint.wire, deployment) ?? null;
  if (provider === undefined || upstream === null) return { outcome: 'skipped', reason: 'unavailable', sent: null };
  const made = exchangeFor(candidate, provider, upstream, copy, gateway);
  const exchange = made instanceof Promise ? await made : made;
  if (exchange instanceof Untranslatable) return { outcome: 'skipped', reason: 'untranslatable', sent: null };
  gateway.load.sent(deployment);
  gateway.mirrors.load.sent(sharedOut(deployment));
  const sentMs = gateway.clock.monotonicMs();
  const trying = attempt(
    provider,
    {
      deployment,
      wire: upstream,
      body: exchange.upstreamBody,
      ...(exchange.contentType === undefined ? {} : { contentType: exchange.contentType }),
      stream: copy.asked.facts.stream,
      forward: upstreamHeaders(copy.walk, deployment),
      query: upstream === copy.walk.endpoint.wire ? copy.walk.request.query : '',
    },
    { settings: { answerBytesMax: ANSWER_BYTES_MAX }, after: gateway.after, secrets: gateway.secrets },
  );
  const ended = await endOf(trying, { exchange, upstream, sentMs, candidate, copy }, gateway);
  const tookMs = Math.round(gateway.clock.monotonicMs() - sentMs);
  const [entry] = copy.entries;
  const tokens = entry === undefined ? 0 : totalTokens(entry.usage);
  gateway.load.used(deploymentId, tokens);
  gateway.mirrors.load.used(deploymentId, tokens);
  if (ended.outcome === 'answered') gateway.mirrors.health.succeeded(deploymentId);
  else if (ended.outcome === 'failed') gateway.mirrors.health.failed(deploymentId, null);
  const { usage = {}, nanoUsd = price === null ? null : 0, kind } = entry ?? {};
  const sent = { deploymentId, provider: name, upstreamModel, httpStatus: ended.httpStatus, tookMs };
  return {
    outcome: ended.outcome,
    reason: ended.reason,
    sent: { ...sent, priceId: price?.id ?? null, usage, nanoUsd, isEstimated: kind === 'estimated' },
  };
}

/** Returns an admission like the original's whose use adds up apart from it. The original's hold, row and limits never see it. */
function apart(original: Admission): Admission {
  return {
    ...original,
    // Nobody waits for the answer, and nobody can hang up.
    walk: { ...original.walk, reply: { gone: false } as Reply, timing: { ...original.walk.timing }, trace: null },
    // The received bytes belong to the original's connection, which may use them again.
    asked: { ...original.asked, ourBytes: null, large: null, stored: null },
    attempts: 1,
    ...{ entries: [], estimated: [], usedTokens: 0, usedNanoUsd: 0, outputBytes: 0, extendedTokens: 0, extendedNanoUsd: 0 },
    ...{ tried: null, compared: null, cache: null, busyAt: null, cutShort: null, settled: true, isUnsealed: false },
  };
}

interface Trying {
  readonly exchange: Exchange;
  readonly upstream: Made['upstream'];
  readonly sentMs: number;
  readonly candidate: Candidate;
  readonly copy: Admission;
}

/** Waits for the end of a copy, at most for its deployment's timeout and until this process stops. */
async function endOf(trying: Attempt, sending: Trying, gateway: Gateway): Promise<Ended> {
  const { candidate, copy } = sending;
  let source: StreamSource | null = null;
  let why: string | null = null;
  let cutStream = () => {};
  const end = (reason: string) => {
    why ??= reason;
    if (source === null) trying.stop();
    else cutStream();
  };
  const cut = () => end('stopped');
  gateway.mirrors.cuts.add(cut);
  const cancel = gateway.after(candidate.deployment.timeoutMs, () => end('timeout'));
  try {
    const outcome = await trying.outcome;
    if (outcome.is !== 'stream') return endedAt(outcome, sending, gateway, why);
    source = outcome.source;
    const reader = new StreamReader(sending, source);
    cutStream = () => reader.cut();
    if (why !== null) reader.cut();
    const over = await reader.ended;
    oweForAnswer(copy, candidate, reader.facts(), over === 'answered' ? 'no_usage' : 'broken', gateway);
    if (over === 'answered') return { outcome: 'answered', reason: null, httpStatus: 200 };
    return { outcome: over === 'broken' ? 'failed' : 'cut', reason: over === 'stopped' ? why : over, httpStatus: 200 };
  } catch (defect) {
    tellDefect(defect, copy.walk.id, gateway);
    return { outcome: 'failed', reason: 'gateway_error', httpStatus: null };
  } finally {
    cancel();
    gateway.mirrors.cuts.delete(cut);
  }
}

function endedAt(
  outcome: Exclude<Outcome, { is: 'stream' }>,
  { exchange, upstream, sentMs, candidate, copy }: Trying,
  gateway: Gateway,
  why: string | null,
): Ended {
  const tookMs = gateway.clock.monotonicMs() - sentMs;
  const made: Made = { exchange, dropped: exchange.dropped, upstream, sentMs, tookMs };
  switch (outcome.is) {
    case 'whole':
      return readWhole(outcome.bytes, exchange, candidate, copy, gateway);
    case 'error':
      oweForError(outcome, made, candidate, copy, gateway);
      return { outcome: 'failed', reason: outcome.error.kind, httpStatus: outcome.error.status };
    case 'failure':
      oweForFailure(outcome, made, candidate, copy, gateway);
      return { outcome: why === null ? 'failed' : 'cut', reason: why ?? outcome.failure.kind, httpStatus: outcome.status };
    case 'gone':
    case 'stopped':
      if (outcome.isWorkedOn) oweForGone(outcome, made, candidate, copy, gateway);
      return { outcome: 'cut', reason: why, httpStatus: null };
  }
}

function readWhole(bytes: Buffer, exchange: Exchange, candidate: Candidate, copy: Admission, gateway: Gateway): Ended {
  try {
    oweForAnswer(copy, candidate, exchange.whole(bytes).facts, 'no_usage', gateway);
    return { outcome: 'answered', reason: null, httpStatus: 200 };
  } catch (error) {
    if (!(error instanceof UnreadableAnswer)) tellDefect(error, copy.walk.id, gateway);
    if (bytes.length > 0) oweForBrokenAnswer(copy, candidate, bytes.length);
    return { outcome: 'failed', reason: 'unreadable', httpStatus: 200 };
  }
}

/** Reads a stream to its end and keeps nothing of it. */
class StreamReader {
  readonly ended: Promise<'answered' | 'broken' | 'stopped' | 'too_long'>;
  readonly #stream: AnswerStream;
  readonly #source: StreamSource;
  readonly #answers: number;
  #end: (how: 'answered' | 'broken' | 'stopped' | 'too_long') => void = () => {};
  #bytes = 0;

  constructor({ exchange, copy }: Trying, source: StreamSource) {
    this.#source = source;
    this.#answers = copy.asked.facts.answers;
    this.#stream = exchange.stream(source.contentType);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    source.attach({
      data: (chunk) => this.#data(chunk),
      end: () => this.#over(null),
      failed: (failure) => this.#over(failure),
    });
  }

  facts() {
    return this.#stream.facts();
  }

  cut(): void {
    this.#source.abort();
    this.#end('stopped');
  }

  #data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) {
      this.#source.abort();
      this.#end('too_long');
      return true;
    }
    try {
      this.#stream.push(chunk);
    } catch {
      this.#source.abort();
      this.#end('broken');
    }
    return true;
  }

  #over(failure: UpstreamFailure | null): void {
    try {
      this.#stream.end(failure === null ? { clean: true } : { clean: false, message: failure.message });
    } catch {
      this.#end('broken');
    }
    const { complete, finishes } = this.#stream.facts();
    this.#end(complete || finishes >= this.#answers ? 'answered' : 'broken');
  }
}
