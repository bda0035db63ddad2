import type { Wire } from '../../dialects/dialect.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { readOpenAiError } from '../read-error.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const OPENAI: VendorHttp = {
  // The base URL of this kind includes /v1, because compatible servers use paths of their own.
  defaultBaseUrl: 'https://api.openai.com/v1',
  path: (wire) => (wire === 'openai-embeddings' ? '/embeddings' : '/chat/completions'),
  modelsPath: '/models',
  // Local servers often need no key, and some refuse an empty one.
  authentication: (credential) => (credential.apiKey === '' ? [] : ['authorization', `Bearer ${credential.apiKey}`]),
  forwarded: new Map([
    ['x-client-request-id', null],
    ['traceparent', null],
    ['tracestate', null],
  ]),
  passesQuery: false,
};

const WIRES: Readonly<Record<Wire, Wire | null>> = {
  'openai-chat': 'openai-chat',
  'anthropic-messages': 'openai-chat',
  'openai-embeddings': 'openai-embeddings',
  'anthropic-count-tokens': null,
};

/** Creates the provider for OpenAI, and for every server that speaks its chat completions and embeddings. */
export function createOpenAiProvider(deps: { readonly transport: Transport }): Provider {
  return {
    name: 'openai',
    wireFor: (client) => WIRES[client],
    ...callOverHttp(OPENAI, deps.transport),
    readError: readOpenAiError,
  };
}
