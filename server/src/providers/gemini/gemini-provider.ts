import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import { geminiModelPath } from '../../dialects/exchange.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { readGeminiError } from '../read-gemini-error.ts';
import { CONTENT_WIRES, TRACE_HEADERS } from '../served-wires.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const ACTIONS: Readonly<Partial<Record<Wire, string>>> = {
  'gemini-count-tokens': 'countTokens',
  'gemini-embed': 'batchEmbedContents',
};

const GEMINI: VendorHttp = {
  // The base URL includes the version, because Google serves several.
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  path: (wire, model) => `/${escaped(model)}:${ACTIONS[wire] ?? 'generateContent'}`,
  streamPath: (_wire, model) => `/${escaped(model)}:streamGenerateContent?alt=sse`,
  modelsPath: '/models?pageSize=1000',
  modelsCursor: 'pageToken',
  authentication: (credential) => ['x-goog-api-key', credential.apiKey],
  forwarded: new Map(TRACE_HEADERS),
  passesQuery: false,
};

const WIRES: Readonly<Record<InboundWire, Wire | null>> = { ...CONTENT_WIRES, 'openai-embeddings': 'gemini-embed' };

/** Creates the provider for Google's Gemini API, and for every server that speaks it. */
export function createGeminiProvider(deps: { readonly transport: Transport }): Provider {
  return {
    name: 'gemini',
    // Only OpenAI's API continues texts.
    wireFor: (client, { mode }) => (mode === 'completion' ? null : WIRES[client]),
    ...callOverHttp(GEMINI, deps.transport),
    readError: readGeminiError,
  };
}

/** Returns a model's resource name as part of a path. Of its slashes only the first belongs to the path. */
function escaped(model: string): string {
  const [collection, ...name] = geminiModelPath(model).split('/');
  return `${collection}/${encodeURIComponent(name.join('/'))}`;
}
