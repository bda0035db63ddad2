import type { InboundWire, JsonObject, Wire } from '../dialects/dialect.ts';
import { cloudRequest, geminiModelPath, silentWav, type WrittenForm, writeForm } from '../dialects/exchange.ts';
import type { DeploymentConfig, DeploymentMode } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { UpstreamCall, UpstreamSink } from '../upstream/call.ts';
import { type Collected, collectAnswer } from './collect-answer.ts';
import type { DeploymentCheck, Provider, UpstreamModels } from './provider.ts';

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const CHECK_TIMEOUT_MS = 30_000;
const MODELS_MAX = 10_000;
const NO_LIST = 'this provider has no list of models to ask for, so only a deployment can be tested';
const UNKNOWN_PROVIDER = 'this version cannot call this provider';

/**
 * Sends a deployment its smallest request, over the network and with its real credential. Costs what one token costs, one picture,
 * four characters spoken, or a second of sound. Never throws.
 */
export async function checkDeployment(
  provider: Provider | undefined,
  deployment: DeploymentConfig,
  clock: Clock,
): Promise<DeploymentCheck> {
  if (provider === undefined) return { ok: false, latencyMs: 0, status: null, message: UNKNOWN_PROVIDER };
  const startedAtMs = clock.monotonicMs();
  let answer = await askOnce(provider, deployment, 'max_tokens');
  // Newer models reject max_tokens by name; older compatible servers know only that.
  if (answer.is === 'answer' && answer.status === 400 && answer.body.includes('max_completion_tokens')) {
    answer = await askOnce(provider, deployment, 'max_completion_tokens');
  }
  const latencyMs = Math.round(clock.monotonicMs() - startedAtMs);
  if (answer.is === 'failure') return { ok: false, latencyMs, status: null, message: answer.failure.message };
  const { status } = answer;
  if (status >= 200 && status < 300) return { ok: true, latencyMs, status, message: 'the provider answered' };
  const error = provider.readError(status, answer.headers, answer.body, deployment.credential);
  // A reasoning model may spend its one token before any output: the call reached it, and only that is checked.
  const reached = status === 400 && /max_tokens or model output limit was reached/i.test(error.message);
  return { ok: reached, latencyMs, status, message: error.message };
}

/** Lists the models that a credential may call, if the vendor has a list; never throws. `msMax`: for all of it, with its token. */
export async function listUpstreamModels(
  provider: Provider | undefined,
  credential: CredentialConfig,
  msMax?: number,
): Promise<UpstreamModels> {
  if (provider === undefined) return { ok: false, status: null, message: UNKNOWN_PROVIDER };
  const open = provider.openModels;
  if (open === undefined) return { ok: false, status: null, message: NO_LIST, isUnasked: true };
  const bounds = { bytesMax: ANSWER_BYTES_MAX, ...(msMax === undefined ? {} : { ms: msMax }) };
  const answer = await collectAnswer((sink) => open(credential, sink), bounds);
  if (answer.is === 'failure') return { ok: false, status: null, message: answer.failure.message };
  if (answer.status >= 200 && answer.status < 300) return readModels(answer.status, answer.body);
  const error = provider.readError(answer.status, answer.headers, answer.body, credential);
  return { ok: false, status: error.status, message: error.message };
}

function askOnce(provider: Provider, deployment: DeploymentConfig, cap: Cap): Promise<Collected> {
  const wire = provider.wireFor(WIRES[deployment.mode], deployment);
  if (wire === null) {
    return Promise.resolve({ is: 'failure', failure: { message: `${provider.name} does not serve ${deployment.mode}` } });
  }
  const cloud = provider.cloudForm?.(wire, deployment) ?? null;
  const form = deployment.mode === 'transcription' ? smallestRecording(deployment.upstreamModel) : null;
  const body = cloudRequest(smallestBody(deployment, wire, cap), { cloud });
  const patient = { ...deployment, timeoutMs: Math.min(deployment.timeoutMs, CHECK_TIMEOUT_MS) };
  const sent = form === null ? { body: Buffer.from(JSON.stringify(body)) } : { body: form.bytes, contentType: form.contentType };
  const request = { deployment: patient, wire, ...sent, stream: false, forward: [], query: '' };
  // A picture may be longer than what is read of an answer. That it came is enough.
  return collect((sink) => provider.open(request, sink), deployment.mode === 'image' ? 'enough' : 'failure');
}

/** The wire in which a deployment of each mode is asked. */
const WIRES: Readonly<Record<DeploymentMode, InboundWire>> = {
  chat: 'openai-chat',
  completion: 'openai-completions',
  embedding: 'openai-embeddings',
  rerank: 'cohere-rerank',
  moderation: 'openai-moderations',
  image: 'openai-images',
  speech: 'openai-speech',
  transcription: 'openai-transcriptions',
};

type Cap = 'max_tokens' | 'max_completion_tokens';

function smallestBody(deployment: DeploymentConfig, wire: Wire, cap: Cap): JsonObject {
  const model = deployment.upstreamModel;
  if (wire === 'gemini')
    return { contents: [{ role: 'user', parts: [{ text: 'ping' }] }], generationConfig: { maxOutputTokens: 1 } };
  if (deployment.mode === 'embedding') return smallestEmbedding(model, wire);
  if (deployment.mode === 'rerank') return { model, query: 'ping', documents: ['ping'] };
  if (deployment.mode === 'moderation') return { model, input: 'ping' };
  if (deployment.mode === 'image') return { model, prompt: 'a dot', n: 1 };
  if (deployment.mode === 'speech') return { model, input: 'ping', voice: 'alloy' };
  if (wire === 'bedrock-converse')
    return { messages: [{ role: 'user', content: [{ text: 'ping' }] }], inferenceConfig: { maxTokens: 1 } };
  // The other chat wires share the meaning of these few fields.
  if (deployment.mode === 'completion') return { model, prompt: 'ping', max_tokens: 1 };
  return { model, messages: [{ role: 'user', content: 'ping' }], [cap]: 1 };
}

/** Returns a tenth of a second of silence, the shortest recording that OpenAI takes, as a WAV file. */
function smallestRecording(model: string): WrittenForm {
  const bytes = silentWav(RECORDING_SAMPLES);
  return writeForm({ model }, [{ field: 'file', filename: 'silence.wav', contentType: 'audio/wav', bytes }]);
}

const RECORDING_SAMPLES = 1_600;

function smallestEmbedding(model: string, wire: Wire): JsonObject {
  if (wire === 'cohere-embed') return { model, texts: ['ping'], input_type: 'search_document', embedding_types: ['float'] };
  if (wire === 'gemini-embed') return { requests: [{ model: geminiModelPath(model), content: { parts: [{ text: 'ping' }] } }] };
  return { model, input: 'ping' };
}

function collect(open: (sink: UpstreamSink) => UpstreamCall, tooLongIs: 'failure' | 'enough' = 'failure'): Promise<Collected> {
  return collectAnswer(open, { bytesMax: ANSWER_BYTES_MAX, tooLongIs });
}

function readModels(status: number, body: Buffer): UpstreamModels {
  try {
    const answer = JSON.parse(body.toString()) as Readonly<
      Partial<Record<'data' | 'models' | 'publisherModels' | 'modelSummaries', unknown>>
    >;
    const list = answer.data ?? answer.models ?? answer.publisherModels ?? answer.modelSummaries;
    if (!Array.isArray(list)) return { ok: false, status, message: 'the provider answered without a list of models' };
    const ids = list.map(idOf).filter((id) => typeof id === 'string');
    return { ok: true, models: ids.slice(0, MODELS_MAX).sort() };
  } catch {
    return { ok: false, status, message: 'the provider did not answer with JSON' };
  }
}

/** Returns a model's id. Google names models with their collection before them, and Amazon has a field of its own. */
function idOf(model: unknown): unknown {
  const { id, modelId, name } = (model ?? {}) as { id?: unknown; modelId?: unknown; name?: unknown };
  return id ?? modelId ?? (typeof name === 'string' ? name.replace(/^(?:publishers\/google\/)?models\//, '') : undefined);
}
