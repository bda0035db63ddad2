/**
 * The table of what is proven of each provider. Every recorded answer of a compatible vendor, of Cohere and of Converse is served behind each
 * format of clients, and every other recorded kind behind its endpoint. A capability that is claimed must have a recording that passed.
 */
import type { EmbeddingWire, InboundWire, JsonObject } from '../../src/dialects/dialect.ts';
import { silentWav } from '../../src/dialects/exchange.ts';
import type { Preset } from '../../src/domain/presets/preset.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { shippedPresets } from '../../src/providers/shipped-presets.ts';
import { exchangeOf } from '../exchanges.ts';
import { bytesOf, type Recording, recordings } from '../recordings.ts';
import { type Asking, asking, openScene, type Setting } from '../support/scene.ts';
import type { AskOptions } from '../support/walk.ts';
import { MEDIA } from '../usage-parity.ts';
import { CAPABILITIES, claims, providerOf } from './capability-claims.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { differs, KINDS, type Kind, kindOf, MODELS, type ServerKind, WIRES } from './served-recordings.ts';
import { SURFACES as RICH } from './vendors-cohere.ts';

/** A quick run serves so many of each provider and kind, besides those that a capability names. */
const QUICK_MAX = 2;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const passed = new Set<string>();
  const named = new Set(claims().flatMap(({ proven }) => [...proven.values()]));
  const sent = recordings.filter(({ provenance }) => provenance !== 'quoted');
  const groups = Map.groupBy(sent, (recording) => `${providerOf(recording) ?? recording.provider} ${recording.kind}`);
  const results: ProveResult[] = [];
  for (const [name, all] of groups) {
    const wanted = quick ? all.filter(({ response }, at) => at < QUICK_MAX || named.has(response)) : all;
    results.push(await servedGroup(name, wanted, passed));
  }
  return allOf([summary(results, passed), ...results.filter(({ holds }) => !holds), table(), losses()]);
}

/** One line of figures for all groups, and a line of the log for each. */
function summary(results: readonly ProveResult[], passed: ReadonlySet<string>): ProveResult {
  const claimed = claims().flatMap(({ provider, proven }) =>
    [...proven].map(([capability, response]) => ({ provider, capability, response })),
  );
  const unproven = claimed.filter(({ response }) => !passed.has(response));
  const providers = new Set(claimed.map(({ provider }) => provider));
  const figure = `${passed.size} recorded exchanges passed; ${claimed.length - unproven.length} of ${claimed.length} claimed capabilities of ${providers.size} providers are proven by one of them`;
  return {
    holds: unproven.length === 0 && claimed.length > 0 && results.length > 0,
    figure,
    details: unproven.map(({ provider, capability, response }) => `${provider} ${capability}: ${response} did not pass`),
    log: results.map((result) => result.figure),
  };
}

/** Serves the recordings of one provider and kind. Those that pass behind every format are added to `passed`. */
async function servedGroup(name: string, all: readonly Recording[], passed: Set<string>): Promise<ProveResult> {
  const details: string[] = [];
  let right = 0;
  for (const recording of all) {
    const why = await faultOf(recording);
    if (why === null) {
      right += 1;
      passed.add(recording.response);
    } else details.push(`${recording.response}: ${why}`);
  }
  return { holds: details.length === 0, figure: `${name}: ${right} of ${all.length} passed`, details };
}

async function faultOf(recording: Recording): Promise<string | null> {
  const kind = kindOf(recording);
  if (recording.status !== 200) return errorFault(recording, kind);
  if (kind === null) return otherFault(recording);
  const scene = await openScene(settingOf(recording, kind));
  try {
    const surfaces = kind === 'completions' ? (['completions'] as const) : KINDS;
    for (const surface of surfaces) {
      const why = await differs(scene, recording, surface);
      if (why !== null) return `behind ${surface} ${why}`;
    }
    return null;
  } finally {
    await scene.house.close();
  }
}

function settingOf(recording: Recording, kind: ServerKind | 'completions'): Setting {
  if (kind === 'completions') return { isBudgeted: false, deployment: { mode: 'completion' } };
  return { speaks: WIRES[kind], isBudgeted: false, deployment: { upstreamModel: MODELS[kind], ...credentialOf(recording) } };
}

/** The credential of a vendor that is a preset: its answers are read by the preset. */
function credentialOf(recording: Recording): Pick<DeploymentConfig, 'credential'> | object {
  const preset = presetOf(providerOf(recording));
  if (preset === null) return {};
  return { credential: { id: 'cred_1', provider: preset.id, baseUrl: preset.baseUrl, apiKey: 'sk-none', preset } };
}

function presetOf(id: string | null): Preset | null {
  return shippedPresets().find((preset) => preset.id === id) ?? null;
}

/** Serves an error by its status: the client gets an error, and the attempt is no success. */
async function errorFault(recording: Recording, kind: ServerKind | 'completions' | null): Promise<string | null> {
  const isChat = kind !== null && kind !== 'completions';
  const place: Place | null = isChat ? { path: '/v1/chat/completions', body: HELLO } : endpointOf(recording);
  if (place === null) return 'it has no endpoint';
  const scene = await openScene(isChat ? settingOf(recording, kind) : { isBudgeted: false, ...place.setting });
  try {
    const { call, said, row } = asking(scene, { ...place.body, model: 'fast' }, place);
    const refused = await refusalBefore(call, said);
    if (refused !== null) return refused;
    (await call).json(JSON.parse(bytesOf(recording).toString()), recording.status, recording.limit_headers);
    const { status: answered } = await said;
    const { status } = await row();
    return answered >= 400 && status === 'failed' ? null : `an error was answered with ${answered} and settled as ${status}`;
  } finally {
    await scene.house.close();
  }
}

/** Returns the answer to a request that was refused, which makes no call; null if the call was made. */
async function refusalBefore(call: Asking['call'], said: Asking['said']): Promise<string | null> {
  const first = await Promise.race([call.then(() => null), said]);
  return first === null ? null : `it was refused: ${first.status} ${first.text.slice(0, 300)}`;
}

/** Serves an answer of another kind behind the endpoint for it. */
async function otherFault(recording: Recording): Promise<string | null> {
  const place = endpointOf(recording);
  if (place === null) return 'it has no endpoint';
  const scene = await openScene({ isBudgeted: false, ...place.setting });
  try {
    const { call, said, row } = asking(scene, { ...place.body, model: 'fast' }, place);
    const refused = await refusalBefore(call, said);
    if (refused !== null) return refused;
    (await call).json(JSON.parse(bytesOf(recording).toString()));
    const { status: answered, text } = await said;
    const { status } = await row();
    const isRight = answered === 200 && text.length > 2 && (status === 'succeeded' || status === 'estimated');
    return isRight ? null : `it was answered with ${answered} and settled as ${status}`;
  } finally {
    await scene.house.close();
  }
}

interface Place extends AskOptions {
  readonly path: string;
  readonly body: JsonObject;
  readonly setting?: Setting;
}

const HELLO = { messages: [{ role: 'user', content: 'hi' }], max_tokens: 64 };
const EMBEDDING_WIRES: Readonly<Record<string, EmbeddingWire>> = {
  ...{ 'cohere-embed': 'cohere-embed', 'gemini-embed': 'gemini-embed', voyage: 'voyage-embed' },
};

function endpointOf({ kind, provider, response }: Recording): Place | null {
  if (kind === 'embeddings' || kind.endsWith('-embed')) {
    const speaks = EMBEDDING_WIRES[kind] ?? EMBEDDING_WIRES[provider];
    const input = Array.from({ length: vectorsIn(response) }, () => 'hi');
    return { path: '/v1/embeddings', body: { input }, setting: { ...(speaks && { speaks }), deployment: { mode: 'embedding' } } };
  }
  if (MEDIA.has(kind)) return mediaPlace(kind, provider);
  if (kind === 'completions')
    return { path: '/v1/completions', body: { prompt: 'hi' }, setting: { deployment: { mode: 'completion' } } };
  if (kind === 'responses-compact') return { path: '/v1/responses/compact', body: { input: 'hi' } };
  if (kind !== 'count-tokens') return null;
  if (provider === 'gemini')
    return { path: '/v1beta/models/fast:countTokens', body: { contents: [{ parts: [{ text: 'hi' }] }] } };
  return { path: '/v1/messages/count_tokens', body: { messages: HELLO.messages } };
}

/** The endpoint of what is no text, with the mode of its deployment. Its files go as forms. */
function mediaPlace(kind: Recording['kind'], provider: string): Place {
  const speaks = provider === 'voyage' || provider === 'bedrock' ? ({ speaks: `${provider}-rerank` } as const) : {};
  const documents = Array.from({ length: 40 }, (_, at) => `document ${at}`);
  if (kind === 'rerank')
    return { path: '/v1/rerank', body: { query: 'hi', documents }, setting: { ...speaks, deployment: { mode: 'rerank' } } };
  if (kind === 'images')
    return { path: '/v1/images/generations', body: { prompt: 'hi' }, setting: { deployment: { mode: 'image' } } };
  const isPicture = kind === 'image';
  const file = isPicture
    ? 'image"; filename="a.png"\r\ncontent-type: image/png'
    : 'file"; filename="a.wav"\r\ncontent-type: audio/wav';
  const parts = ['model"\r\n\r\nfast', 'prompt"\r\n\r\nhi', `${file}\r\n\r\n`];
  const [before, after] = [
    parts.map((part) => `--xyz\r\ncontent-disposition: form-data; name="${part}`).join('\r\n'),
    '\r\n--xyz--\r\n',
  ];
  const raw = Buffer.concat([Buffer.from(before), silentWav(48_000), Buffer.from(after)]);
  const sound = kind === 'audio-translations' ? '/v1/audio/translations' : '/v1/audio/transcriptions';
  return {
    ...{ path: isPicture ? '/v1/images/edits' : sound, body: {}, raw },
    headers: ['content-type', 'multipart/form-data; boundary=xyz'],
    setting: { deployment: { mode: isPicture ? 'image' : 'transcription' } },
  };
}

/** The number of texts that were asked about: an answer with another number of vectors is refused. */
function vectorsIn(response: string): number {
  const recording = recordings.find((one) => one.response === response) as Recording;
  const answer = JSON.parse(bytesOf(recording).toString()) as Readonly<Record<string, unknown>>;
  const { data, embeddings } = answer;
  const lists = [data, embeddings, ...Object.values((embeddings ?? {}) as object)];
  return lists.find((list): list is readonly unknown[] => Array.isArray(list))?.length ?? 1;
}

function table(): ProveResult {
  const width = 14;
  const head = ['provider', ...CAPABILITIES].map((word) => word.padEnd(width)).join('');
  const log = claims().map(({ provider, proven }) =>
    [provider, ...CAPABILITIES.map((one) => (proven.has(one) ? 'proven' : 'not proven'))]
      .map((word) => word.padEnd(width))
      .join(''),
  );
  return { holds: true, figure: 'the table of docs/capabilities.md is below', log: [head, ...log] };
}

/** Lists what a rich request of each format loses towards each preset. */
function losses(): ProveResult {
  const log: string[] = [];
  for (const { id, wires, quirks } of shippedPresets()) {
    const upstream = wires['openai-chat'] === undefined ? 'anthropic-messages' : 'openai-chat';
    if (wires[upstream] === undefined) continue;
    const lost = RICH.filter(({ name }) => KINDS.some((kind) => kind === name)).map(({ name, body }) => {
      const client: InboundWire = WIRES[name as Kind];
      const { dropped } = exchangeOf(client, upstream, body(false), { quirks, upstreamModel: 'up' });
      return `${name}: ${dropped.join(', ') || 'nothing'}`;
    });
    log.push(`${id} loses of ${lost.join('; ')}`);
  }
  return { holds: log.length > 0, figure: `what a request of each format loses at ${log.length} presets is below`, log };
}
