import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { readAnthropicError } from '../read-anthropic-error.ts';
import { MESSAGES_HEADERS, MESSAGES_WIRES } from '../served-wires.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const ANTHROPIC: VendorHttp = {
  defaultBaseUrl: 'https://api.anthropic.com',
  path: (wire) => (wire === 'anthropic-count-tokens' ? '/v1/messages/count_tokens' : '/v1/messages'),
  modelsPath: '/v1/models?limit=1000',
  modelsCursor: 'after_id',
  authentication: (credential) => ['x-api-key', credential.apiKey],
  forwarded: MESSAGES_HEADERS,
  passesQuery: true,
};

/** Creates the provider for Anthropic, and for every server that speaks its messages. */
export function createAnthropicProvider(deps: { readonly transport: Transport }): Provider {
  return {
    name: 'anthropic',
    // Only OpenAI's API continues texts.
    wireFor: (client, { mode }) => (mode === 'completion' ? null : MESSAGES_WIRES[client]),
    ...callOverHttp(ANTHROPIC, deps.transport),
    readError: readAnthropicError,
  };
}
