import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';
import { readCohereError } from './read-cohere-error.ts';

const PATHS: Readonly<Partial<Record<Wire, string>>> = { 'cohere-embed': '/embed', 'cohere-rerank': '/rerank' };

const COHERE: VendorHttp = {
  // The base URL includes the version of the paths.
  defaultBaseUrl: 'https://api.cohere.com/v2',
  path: (wire) => PATHS[wire] ?? '/chat',
  // The list of models exists only in version 1.
  modelsBase: (basePath) => basePath.replace(/\/v2$/, '/v1'),
  modelsPath: '/models?page_size=1000',
  modelsCursor: 'page_token',
  authentication: (credential) => ['authorization', `Bearer ${credential.apiKey}`],
  forwarded: new Map([
    ['traceparent', null],
    ['tracestate', null],
  ]),
  passesQuery: false,
};

const WIRES: Readonly<Record<InboundWire, Wire | null>> = {
  'openai-chat': 'cohere-chat',
  'anthropic-messages': 'cohere-chat',
  'openai-responses': 'cohere-chat',
  gemini: 'cohere-chat',
  'openai-completions': 'cohere-chat',
  'cursor-responses': 'cohere-chat',
  'openai-compact': null,
  'openai-input-tokens': null,
  'openai-embeddings': 'cohere-embed',
  'anthropic-count-tokens': null,
  'gemini-count-tokens': null,
  'cohere-rerank': 'cohere-rerank',
  'openai-moderations': null,
  'openai-images': null,
  'openai-speech': null,
  'openai-transcriptions': null,
  'openai-translations': null,
  'openai-image-edits': null,
  'openai-image-variations': null,
};

/** Creates the provider for Cohere's chat, embeddings and rerank. */
export function createCohereProvider(deps: { readonly transport: Transport }): Provider {
  return {
    name: 'cohere',
    // Only OpenAI's API continues texts.
    wireFor: (client, { mode }) => (mode === 'completion' ? null : WIRES[client]),
    ...callOverHttp(COHERE, deps.transport),
    readError: readCohereError,
  };
}
