import type { JsonObject } from '../dialects/dialect.ts';
import { modelIn, readBodyInTurn } from '../dialects/exchange.ts';
import type { Caller } from '../domain/tenancy/tenancy.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { clientRequestId } from './answer-headers.ts';
import { authenticate, callerOf } from './authenticate.ts';
import { checkBodyType } from './bodies/body-type.ts';
import { answerBatch, type BatchQuestion, batchQuestionOf } from './endpoints/batches.ts';
import { answerConversation, type ConversationQuestion, conversationQuestionOf } from './endpoints/conversations.ts';
import { showDecision } from './endpoints/decisions.ts';
import { type Endpoint, walkAt } from './endpoints/endpoint.ts';
import { answerFile, type FileQuestion, fileQuestionOf } from './endpoints/files.ts';
import { listModels, showModel } from './endpoints/models.ts';
import { nothingAt } from './endpoints/nothing-here.ts';
import { answerStored, type StoredQuestion, storedQuestionOf } from './endpoints/stored-responses.ts';
import { accessRefusal } from './entitlement.ts';
import { errorDialectOf } from './error-dialect.ts';
import type { StoredFile } from './files/file-store.ts';
import { fileRefusal } from './files/refusals.ts';
import { sendFile } from './files/send-file.ts';
import type { Gateway } from './gateway.ts';
import { agentPathOf, serveAgent } from './oauth/serve-agents.ts';
import { handle } from './pipeline.ts';
import { invalidRequest, Refusal, renderRefusal } from './refusal.ts';
import { asRefusal, tellDefect } from './refuse.ts';
import type { CachedKey } from './snapshot/cached-key.ts';

/**
 * Headers that forbid caching, because an answer is for one key only. By default a shared cache does not store answers to
 * requests with `authorization`, but may store those with a key in another header.
 */
const NOT_KEPT: readonly string[] = ['cache-control', 'no-store'];

/**
 * Serves every path of the data plane (domain/planes.ts). Paths are matched without decoding or normalising, so a manipulated path
 * is an unknown path.
 */
export function serveDataPlane(request: GatewayRequest, reply: Reply, gateway: Gateway): void {
  const endpoint = walkAt(request.path);
  if (endpoint === null) answerOther(request, reply, gateway);
  else if (request.method === 'POST') void handle(request, reply, endpoint, gateway);
  else if (asksForSocket(request, endpoint)) sayRefusal(request, reply, overHttp(), gateway.requestId(), OVER_HTTP);
  else sayRefusal(request, reply, notAllowed(`${endpoint.path} supports only POST.`), gateway.requestId(), ['allow', 'POST']);
}

/** Serves the paths of which nothing is admitted. */
function answerOther(request: GatewayRequest, reply: Reply, gateway: Gateway): void {
  const agent = agentPathOf(request.path);
  if (agent === null) void answerQuestion(request, reply, gateway);
  else void serveAgent(agent, request, reply, gateway);
}

/** Reports whether a client asks for a WebSocket, over which OpenAI serves responses too. */
function asksForSocket(request: GatewayRequest, { wire }: Endpoint): boolean {
  return wire === 'openai-responses' && request.method === 'GET' && request.header('upgrade') !== undefined;
}

/** Codex tries a WebSocket first. At this status it uses HTTP at once, and after any other it tries again several times. */
function overHttp(): Refusal {
  return new Refusal('upgrade_required', 'Responses are served over HTTP only. Send a POST to this path.');
}

const OVER_HTTP: readonly string[] = ['connection', 'Upgrade', 'upgrade', 'HTTP/1.1'];

/** Serves the paths that read or delete what is stored. Nothing is admitted, held or charged. */
async function answerQuestion(request: GatewayRequest, reply: Reply, gateway: Gateway): Promise<void> {
  const id = gateway.requestId();
  const headers = [...NOT_KEPT];
  const clientId = clientRequestId(request);
  if (clientId !== null) headers.push('x-client-request-id', clientId);
  try {
    const question = questionOf(request.path);
    if (question === null) throw nothingAt(request.path);
    const methods = methodsOf(question);
    if (!methods.includes(request.method)) {
      headers.push('allow', methods.join(', '));
      throw notAllowed(`This path supports only ${methods.join(' and ')}.`);
    }
    const { key, refusal } = await authenticate(request, gateway);
    headers.push('x-headgate-organization', key.config.organizationId);
    if (refusal !== null) throw refusal;
    const answer = await answerOf(question, key, request, id, gateway);
    headers.push('x-headgate-overhead-ms', (gateway.clock.monotonicMs() - request.startedMs).toFixed(2));
    const all = ['x-request-id', id, 'request-id', id, ...headers];
    if ('json' in answer) sayJson(reply, 200, answer.json, all);
    else await sayContent(answer.content, callerOf(key), { reply, headers: all, id }, gateway);
  } catch (error) {
    answerFailure(error, request, reply, id, headers, gateway);
  }
}

/** Answers a failed read. Never throws, because no caller awaits the promise of a read. */
function answerFailure(
  error: unknown,
  request: GatewayRequest,
  reply: Reply,
  id: string,
  headers: readonly string[],
  gateway: Gateway,
): void {
  const refusal = asRefusal(error, id, gateway);
  try {
    sayRefusal(request, reply, refusal, id, headers);
  } catch (defect) {
    tellDefect(defect, id, gateway);
    reply.destroy();
  }
}

function notAllowed(message: string): Refusal {
  return new Refusal('method_not_allowed', message);
}

const ONLY_GET: readonly string[] = ['GET'];

type Question =
  | StoredQuestion
  | ConversationQuestion
  | FileQuestion
  | BatchQuestion
  | { readonly is: 'models' }
  | { readonly is: 'model'; readonly name: string }
  | { readonly is: 'decision'; readonly id: string };

function questionOf(path: string): Question | null {
  if (path === '/v1/models' || path === '/cursor/v1/models') return { is: 'models' };
  if (path.startsWith('/v1/models/')) return { is: 'model', name: decoded(path, '/v1/models/') };
  if (path.startsWith('/cursor/v1/models/')) return { is: 'model', name: decoded(path, '/cursor/v1/models/') };
  if (path.startsWith('/v1/decisions/')) return { is: 'decision', id: path.slice('/v1/decisions/'.length) };
  return (
    geminiQuestionOf(path) ??
    storedQuestionOf(path) ??
    conversationQuestionOf(path) ??
    fileQuestionOf(path) ??
    batchQuestionOf(path)
  );
}

function methodsOf(question: Question): readonly string[] {
  return 'methods' in question ? question.methods : ONLY_GET;
}

/** Reports whether a request is a question with a body. No endpoint of ENDPOINTS serves it, so nothing of it is charged. */
export function isWritten({ method, path }: GatewayRequest): boolean {
  return (
    method === 'POST' &&
    (conversationQuestionOf(path) ?? fileQuestionOf(path) ?? batchQuestionOf(path))?.methods.includes('POST') === true
  );
}

const GEMINI_MODELS = '/v1beta/models';

/** Gemini's SDKs leave a name as it is, with its slashes. */
function geminiQuestionOf(path: string): Question | null {
  if (path === GEMINI_MODELS) return { is: 'models' };
  if (!path.startsWith(`${GEMINI_MODELS}/`) || NOT_SERVED.test(path)) return null;
  const name = modelIn(path.slice(GEMINI_MODELS.length + 1));
  if (name === null) throw invalidRequest(NOT_DECODED);
  return { is: 'model', name };
}

/** Actions of Gemini's API, which no model is named by. */
const NOT_SERVED = /:(?:embedContent|batchEmbedContents|asyncBatchEmbedContent|batchGenerateContent|predict|predictLongRunning)$/;
const NOT_DECODED = 'The model name in the path is not valid percent-encoding.';

/** Decodes a model name that follows a prefix of a path. It is percent-encoded, including its slashes. */
function decoded(path: string, prefix: string): string {
  const text = path.slice(prefix.length);
  if (text.includes('/')) throw nothingAt(path);
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRequest(NOT_DECODED);
  }
}

/** An answer as JSON, or the file whose content is the answer. */
type Answer = { readonly json: object } | { readonly content: StoredFile };

async function answerOf(
  question: Question,
  key: CachedKey,
  request: GatewayRequest,
  id: string,
  gateway: Gateway,
): Promise<Answer> {
  if (question.is === 'batch') return { json: await batchFor(question, key, request, id, gateway) };
  if (question.is !== 'file') return { json: await jsonFor(question, key, request, gateway) };
  const { files, clock } = gateway;
  try {
    return await answerFile(question, callerOf(key), request, { files, nowMs: clock.nowMs() });
  } catch (error) {
    throw fileRefusal(error);
  }
}

/** Sends the content of a file. */
async function sayContent(
  file: StoredFile,
  { organization }: Caller,
  { reply, headers, id }: { readonly reply: Reply; readonly headers: readonly string[]; readonly id: string },
  gateway: Gateway,
): Promise<void> {
  try {
    await sendFile(gateway.files.read(organization, file), { bytes: file.bytes, headers }, reply, gateway, id);
  } catch (error) {
    throw fileRefusal(error);
  }
}

async function batchFor(
  question: BatchQuestion,
  key: CachedKey,
  request: GatewayRequest,
  requestId: string,
  { batches }: Gateway,
): Promise<object> {
  if (batches === null) throw nothingAt(request.path);
  const body = writtenBody(request);
  const call = { key, caller: callerOf(key), request, body, requestId, clientRequestId: clientRequestId(request) };
  return answerBatch(question, call, batches);
}

async function jsonFor(
  question: Exclude<Question, FileQuestion | BatchQuestion>,
  key: CachedKey,
  request: GatewayRequest,
  gateway: Gateway,
): Promise<object> {
  const caller = callerOf(key);
  const dialect = errorDialectOf(request.path, request.header('anthropic-version'));
  switch (question.is) {
    case 'models':
      return listModels(caller, gateway.snapshot.catalogue(), dialect);
    case 'model': {
      const refusal = accessRefusal(caller, question.name, gateway.snapshot.catalogue());
      if (refusal !== null) throw refusal;
      return showModel(question.name, gateway.snapshot.catalogue(), dialect);
    }
    case 'decision':
      return showDecision(question.id, key, gateway);
    case 'stored response':
      return answerStored(question, caller, request, gateway.responses);
    case 'conversation': {
      const { method, query } = request;
      return answerConversation(question, caller, { method, query, body: writtenBody(request) }, gateway.conversations);
    }
  }
}

/** Returns the body of a question that writes; null for others. An empty one is as good as `{}`. */
function writtenBody(request: GatewayRequest): JsonObject | null {
  if (request.method !== 'POST') return null;
  if (request.body.length === 0) return {};
  checkBodyType(request);
  const reading = readBodyInTurn(request.body);
  if (reading === null) throw invalidRequest('The body is too large for a conversation. Send fewer or smaller items.', 'items');
  if (!reading.ok) throw invalidRequest(reading.problem.message, reading.problem.param);
  return reading.body;
}

function sayJson(reply: Reply, status: number, value: object, headers: string[]): void {
  const body = Buffer.from(JSON.stringify(value));
  reply.head(status, [...headers, 'content-type', 'application/json', 'content-length', String(body.length)]);
  reply.end(body);
}

/** Answers with an error outside an admitted request, in the dialect of its path or version header. `more`: further headers. */
export function sayRefusal(
  request: GatewayRequest,
  reply: Reply,
  refusal: Refusal,
  id: string,
  more: readonly string[] = [],
): void {
  const dialect = errorDialectOf(request.path, request.header('anthropic-version'));
  const { status, headers, body } = renderRefusal(refusal, dialect, id, null);
  reply.head(status, [...headers, 'x-request-id', id, 'request-id', id, ...more]);
  reply.end(body);
}
