import type { JsonObject } from '../dialects/dialect.ts';
import {
  BETA_HEADER,
  formBody,
  hasInput,
  isForm,
  isOfResponses,
  readBodyInTurn,
  readFacts,
  readTags,
  TAGS_HEADER,
  withChatTools,
} from '../dialects/exchange.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { whole } from '../lib/pieces.ts';
import { traceContextOf } from '../observe/trace-context.ts';
import type { RequestTrace, Tracing } from '../observe/tracing.ts';
import { admit } from './admit.ts';
import { clientRequestId } from './answer-headers.ts';
import { noteLast } from './attempts/tried.ts';
import { type Authenticated, authenticate } from './authenticate.ts';
import { checkBodyType } from './bodies/body-type.ts';
import { answerFromCache } from './cache/cached-answer.ts';
import { ClientGone, callProvider } from './call-provider.ts';
import { deliver } from './deliver.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { Gateway } from './gateway.ts';
import { considerCopy } from './mirror/consider-copy.ts';
import { CLIENT_CLOSED, invalidRequest } from './refusal.ts';
import { answerRefusal, asRefusal, noteRefusal, tellDefect } from './refuse.ts';
import { continuedRequest, type StoredSide } from './responses/continued.ts';
import { detach } from './responses/detach.ts';
import { route } from './route.ts';
import { settle } from './settle.ts';
import type { CachedKey } from './snapshot/cached-key.ts';
import { formOf } from './spool/form-of.ts';
import type { Admission, Asked, Walk } from './walk.ts';

/**
 * Handles one request from start to finish. Read this file first. Never throws: it settles whatever was held, and then answers.
 * Steps that can fail come before the settlement or catch their own errors, so nothing that a provider or a caller sends can undo
 * it.
 */
export async function handle(
  request: GatewayRequest,
  reply: Reply,
  endpoint: Endpoint,
  gateway: Gateway,
  identify: Identify = authenticate,
): Promise<void> {
  const walk = newWalk(request, reply, endpoint, gateway);
  let admission: Admission | null = null;
  try {
    const found = identify(request, gateway);
    const { key, refusal } = found instanceof Promise ? await found : found;
    walk.key = key;
    if (gateway.tracing !== null) walk.trace = traced(walk, gateway.tracing);
    if (refusal !== null) throw refusal;
    const reading = read(walk, key, gateway);
    const asked = reading instanceof Promise ? await reading : reading;
    const admitted = admit(walk, key, asked, gateway);
    admission = admitted instanceof Promise ? await admitted : admitted;
    const { stored } = admission.asked;
    if (stored?.isDetached === true) await detach(admission, stored, gateway);
    if (walk.reply.gone) throw new ClientGone();
    const { caching } = admission.entitlement;
    if (caching !== null && answerFromCache(admission, caching, gateway)) return;
    const order = route(admission, gateway);
    const answering = callProvider(order, admission, gateway);
    const { mirror } = admission.entitlement;
    if (mirror !== null) considerCopy(admission, mirror, gateway);
    deliver(await answering, admission, gateway);
  } catch (error) {
    // All failures end here: usage of the attempts is charged, and the rest of the hold is released.
    if (admission === null) refuse(walk, error, gateway);
    else settleFailure(admission, error, gateway);
  }
}

/** Finds the key of a request: by the secret it carries, unless the gateway itself makes the request. */
type Identify = (request: GatewayRequest, gateway: Gateway) => Authenticated | Promise<Authenticated>;

function newWalk(request: GatewayRequest, reply: Reply, endpoint: Endpoint, gateway: Gateway): Walk {
  return {
    id: gateway.requestId(),
    endpoint,
    request,
    reply,
    clientRequestId: clientRequestId(request),
    key: null,
    asked: null,
    entitlement: null,
    trace: null,
    timing: { startedMs: request.startedMs, providerMs: null, firstTokenMs: null, streamingSinceMs: null },
    attribution: null,
    isDegraded: false,
  };
}

/** Begins the trace of a request with a known key. Others leave no span, so that no one without a key can flood a collector. */
function traced({ request, endpoint }: Walk, tracing: Tracing): RequestTrace {
  return tracing.begin({ endpoint, parent: traceContextOf(request), startedMs: request.startedMs });
}

/**
 * Reads the body, and checks it as far as admission and settlement depend on it. Returns a promise only for a large body, and where
 * responses are stored.
 */
function read(walk: Walk, key: CachedKey, gateway: Gateway): Asked | Promise<Asked> {
  const { request } = walk;
  if (isForm(walk.endpoint.wire)) return askedByForm(walk);
  checkBodyType(request);
  const reading = readBodyInTurn(request.body);
  if (reading === null) return readLarge(walk, gateway);
  if (!reading.ok) throw invalidRequest(reading.problem.message, reading.problem.param);
  const body = bodyAsMeant(walk, reading.body);
  const ourBytes = reading.isOurs && body === reading.body ? whole(request.body) : null;
  if (isOfResponses(walk.endpoint.wire)) {
    const continued = continuedRequest(walk.endpoint, key, body, gateway);
    // A request without a conversation before it is sent as it is, and its bytes may be sent unchanged.
    if (continued !== null)
      return continued.then((found) => asked(walk, found.body, found.body === body ? ourBytes : null, found.side));
  }
  return asked(walk, body, ourBytes);
}

/** Reads a form with files. The files stay where they are: in the body's bytes or in the spool. */
function askedByForm(walk: Walk): Asked {
  const { form } = walk.request;
  const { fields, files } = formOf(walk.request);
  const read = asked(walk, formBody(fields, files), null);
  if (form === undefined) return read;
  // Its bytes count as if they were the body's.
  walk.asked = { ...read, facts: { ...read.facts, moreBytes: form.length } };
  return walk.asked;
}

/** Decides which of two formats a body has, at a path that takes both. Returns the body in that format, usually as it is. */
function bodyAsMeant(walk: Walk, body: JsonObject): JsonObject {
  const { forInput } = walk.endpoint;
  if (forInput === undefined) return body;
  if (!hasInput(body)) return withChatTools(body);
  walk.endpoint = forInput;
  return body;
}

/** Reads a large body in its own thread. Until that ends, the thread owns the body's bytes. */
async function readLarge(walk: Walk, { largeBodies }: Gateway): Promise<Asked> {
  const { request, endpoint } = walk;
  const headers = {
    betas: request.header(BETA_HEADER),
    tags: request.header(TAGS_HEADER),
    called: endpoint.called?.(request),
    forInput: endpoint.forInput?.wire,
  };
  const { raw, result } = await largeBodies.read(request.body, endpoint.wire, headers);
  request.body = raw;
  if (!result.ok) throw invalidRequest(result.problem.message, result.problem.param);
  const { body, facts, tags, left, tokens } = result;
  if (endpoint.forInput !== undefined && hasInput(body)) walk.endpoint = endpoint.forInput;
  walk.asked = { body, ourBytes: null, large: { left, tokens, isLent: false }, facts, tags, stored: null };
  return walk.asked;
}

function asked(walk: Walk, body: JsonObject, ourBytes: Buffer | null, stored: StoredSide | null = null): Asked {
  const { request, endpoint } = walk;
  const facts = readFacts(endpoint.wire, body, request.header(BETA_HEADER), endpoint.called?.(request));
  if (!facts.ok) throw invalidRequest(facts.problem.message, facts.problem.param);
  walk.asked = { body, ourBytes, large: null, facts: facts.facts, tags: null, stored };
  const named = readTags(request.header(TAGS_HEADER), body);
  if (named === null) return walk.asked;
  if (!named.ok) throw invalidRequest(named.problem.message, named.problem.param);
  walk.asked = {
    body: named.body,
    // If the body names tags, the original bytes contain them, and must not be sent.
    ourBytes: named.body === body ? ourBytes : null,
    large: null,
    facts: facts.facts,
    tags: named.tags,
    stored,
  };
  return walk.asked;
}

/** Refuses a request by its head, or while its body arrives. Its model is unknown, because no body was read. Never throws. */
export function refuseOnHead(
  { request, reply, endpoint, key, entitlement }: Pick<Walk, 'request' | 'reply' | 'endpoint' | 'key' | 'entitlement'>,
  error: unknown,
  gateway: Gateway,
): void {
  const walk = newWalk(request, reply, endpoint, gateway);
  walk.key = key;
  walk.entitlement = entitlement;
  if (key !== null && gateway.tracing !== null) walk.trace = traced(walk, gateway.tracing);
  refuse(walk, error, gateway);
}

/** Refuses a request before anything was held. A known key's refusal leaves a row; an unknown key's is only counted. */
function refuse(walk: Walk, error: unknown, gateway: Gateway): void {
  const refusal = asRefusal(error, walk.id, gateway);
  try {
    noteRefusal(walk, refusal, gateway);
  } catch (defect) {
    tellDefect(defect, walk.id, gateway);
  }
  answerRefusal(walk, refusal, null, gateway);
}

/** Settles and answers a request that failed after it was admitted. A client that hung up gets no answer. */
function settleFailure(admission: Admission, error: unknown, gateway: Gateway): void {
  const nobody = { candidate: null, finishReason: null, answer: null };
  noteLast(admission, error instanceof ClientGone ? 'client_gone' : 'gateway_error');
  if (error instanceof ClientGone) {
    settle(admission, { status: 'cancelled', httpStatus: CLIENT_CLOSED, code: null, param: null, ...nobody }, gateway);
    return;
  }
  const refusal = asRefusal(error, admission.walk.id, gateway);
  settle(
    admission,
    { status: 'failed', httpStatus: refusal.status, code: refusal.code, param: refusal.param, ...nobody, words: refusal.message },
    gateway,
  );
  gateway.journal.whenWritten(() => answerRefusal(admission.walk, refusal, admission, gateway), admission.walk.id);
}
