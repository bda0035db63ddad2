import type { CloudForm, InboundWire, Wire } from '../../dialects/dialect.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { CHAT_WIRES, CONTENT_WIRES, MESSAGES_WIRES, OPENAI_HEADERS, openAiPath } from '../served-wires.ts';
import { readErrorWithToken } from '../tokens/read-error-with-token.ts';
import type { Tokens } from '../tokens/tokens.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';
import { readVertexError } from './read-vertex-error.ts';
import { vertexModel } from './vertex-model.ts';

interface VertexProviderDeps {
  readonly transport: Transport;
  readonly tokens: Tokens;
}

/** Creates the provider for Google's Vertex AI, which serves the models of several publishers. `vertexModel` tells them apart. */
export function createVertexProvider({ transport, tokens }: VertexProviderDeps): Provider {
  return {
    name: 'vertex',
    wireFor: servedWire,
    cloudForm,
    contentForm: 'google-cloud',
    ...callOverHttp(vertexOver(tokens), transport),
    readError: readErrorWithToken(tokens, readVertexError),
  };
}

function vertexOver(tokens: Tokens): VendorHttp {
  return {
    defaultBaseUrl: 'https://aiplatform.googleapis.com',
    baseUrl,
    path: (wire, upstreamModel, credential) => pathOf(wire, upstreamModel, credential, 'whole'),
    streamPath: (wire, upstreamModel, credential) => pathOf(wire, upstreamModel, credential, 'stream'),
    modelsPath: '/v1beta1/publishers/google/models?pageSize=300',
    modelsCursor: 'pageToken',
    authentication: () => [],
    tokens,
    forwarded: new Map<string, string | null>([['anthropic-beta', null], ...OPENAI_HEADERS]),
    passesQuery: false,
  };
}

/** The form of a location. It becomes part of a host name, so nothing else may fit into it. */
const LOCATION = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** Returns the address of a credential's location: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function baseUrl({ baseUrl: own, settings }: CredentialConfig): string | null {
  const { project, location } = settings ?? {};
  if (project === undefined || project === '' || location === undefined || !LOCATION.test(location)) return null;
  if (own !== null) return own;
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

function pathOf(wire: Wire, upstreamModel: string, { settings }: CredentialConfig, how: 'whole' | 'stream'): string {
  const at = `projects/${encodeURIComponent(settings?.project ?? '')}/locations/${settings?.location}`;
  const model = vertexModel(upstreamModel);
  if (model.is === 'other') return `/v1/${at}/endpoints/openapi${openAiPath(wire)}`;
  if (model.is === 'claude') return `/v1/${at}/publishers/anthropic/models/${claudeAction(wire, model.name, how)}`;
  return `/v1beta1/${at}/${model.resource}:${contentAction(wire, how)}`;
}

function claudeAction(wire: Wire, name: string, how: 'whole' | 'stream'): string {
  if (wire === 'anthropic-count-tokens') return 'count-tokens:rawPredict';
  // Google writes versions as `@20250929`, and the sign is not escaped there.
  return `${encodeURIComponent(name).replaceAll('%40', '@')}:${how === 'stream' ? 'streamRawPredict' : 'rawPredict'}`;
}

function contentAction(wire: Wire, how: 'whole' | 'stream'): string {
  if (wire === 'gemini-count-tokens') return 'countTokens';
  return how === 'stream' ? 'streamGenerateContent?alt=sse' : 'generateContent';
}

function servedWire(client: InboundWire, { mode, upstreamModel }: DeploymentConfig): Wire | null {
  if (mode !== 'chat') return null;
  const model = vertexModel(upstreamModel);
  if (model.is === 'gemini') return CONTENT_WIRES[client];
  if (model.is === 'other') return client === 'openai-embeddings' ? null : CHAT_WIRES[client];
  const wire = MESSAGES_WIRES[client];
  // A count names its model in the body, where only the plain name is known.
  return wire === 'anthropic-count-tokens' && model.name !== upstreamModel ? null : wire;
}

const FORM = { version: 'vertex-2023-10-16', listsBetas: false } as const;
const MESSAGES_FORM: CloudForm = { ...FORM, omits: ['model'] };
const COUNT_FORM: CloudForm = { ...FORM, omits: [] };

function cloudForm(wire: Wire): CloudForm | null {
  if (wire === 'anthropic-messages') return MESSAGES_FORM;
  return wire === 'anthropic-count-tokens' ? COUNT_FORM : null;
}
