import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { type ErrorSigns, readErrorAnswer } from '../read-error.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const VOYAGE: VendorHttp = {
  defaultBaseUrl: 'https://api.voyageai.com/v1',
  path: (wire) => (wire === 'voyage-rerank' ? '/rerank' : '/embeddings'),
  modelsPath: '/models',
  authentication: (credential) => ['authorization', `Bearer ${credential.apiKey}`],
  forwarded: new Map([
    ['traceparent', null],
    ['tracestate', null],
  ]),
  passesQuery: false,
};

/** Voyage's errors have no codes: `{"detail": "…"}`. An account without a payment method has lower limits, which pass. */
const SIGNS: ErrorSigns = {
  contextCodes: new Set(),
  contextWords: /max allowed tokens|context length/i,
  quotaCodes: new Set(),
  quotaWords: /(?!)/,
};

/** Creates the provider for Voyage's embeddings and rerank. It has no list of models. */
export function createVoyageProvider(deps: { readonly transport: Transport }): Provider {
  return {
    name: 'voyage',
    wireFor: (client, { mode }) => {
      if (client === 'cohere-rerank' && mode === 'rerank') return 'voyage-rerank';
      return client === 'openai-embeddings' && mode === 'embedding' ? 'voyage-embed' : null;
    },
    open: callOverHttp(VOYAGE, deps.transport).open,
    readError: (status, headers, body, credential) => readErrorAnswer({ status, headers, body, credential, signs: SIGNS }),
  };
}
