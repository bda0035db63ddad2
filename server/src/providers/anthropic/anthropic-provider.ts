import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { type ErrorSigns, readErrorAnswer } from '../read-error.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const ANTHROPIC: VendorHttp = {
  defaultBaseUrl: 'https://api.anthropic.com',
  path: (wire) => (wire === 'anthropic-count-tokens' ? '/v1/messages/count_tokens' : '/v1/messages'),
  modelsPath: '/v1/models?limit=1000',
  authentication: (credential) => ['x-api-key', credential.apiKey],
  forwarded: new Map([
    ['anthropic-version', '2023-06-01'],
    ['anthropic-beta', null],
    ['x-client-request-id', null],
    ['traceparent', null],
    ['tracestate', null],
  ]),
  passesQuery: true,
};

const SIGNS: ErrorSigns = {
  contextCodes: new Set(),
  contextWords: /prompt is too long|exceed(?:s)? (?:the )?context (?:limit|window)|context window/i,
  // The second is OpenAI's; servers that speak only Anthropic's messages send it too.
  quotaCodes: new Set(['billing_error', 'insufficient_quota']),
  quotaWords: /credit balance is too low|usage limits? .{0,40}reached|reached your specified .{0,20}usage limits/i,
};

const WIRES: Readonly<Record<InboundWire, Wire | null>> = {
  'anthropic-messages': 'anthropic-messages',
  'openai-chat': 'anthropic-messages',
  'openai-responses': 'anthropic-messages',
  'openai-completions': 'anthropic-messages',
  'cursor-responses': 'anthropic-messages',
  'openai-compact': null,
  'openai-input-tokens': 'anthropic-count-tokens',
  gemini: 'anthropic-messages',
  'anthropic-count-tokens': 'anthropic-count-tokens',
  'openai-embeddings': null,
  'gemini-count-tokens': null,
};

/** Creates the provider for Anthropic, and for every server that speaks its messages. */
export function createAnthropicProvider(deps: { readonly transport: Transport }): Provider {
  return {
    name: 'anthropic',
    // Only OpenAI's API continues texts.
    wireFor: (client, { mode }) => (mode === 'completion' ? null : WIRES[client]),
    ...callOverHttp(ANTHROPIC, deps.transport),
    readError: (status, headers, body, credential) => readErrorAnswer({ status, headers, body, credential, signs: SIGNS }),
  };
}
