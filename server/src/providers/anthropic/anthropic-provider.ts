import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { readAnthropicError } from '../read-anthropic-error.ts';
import { MESSAGES_WIRES, TRACE_HEADERS } from '../served-wires.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const ANTHROPIC: VendorHttp = {
  defaultBaseUrl: 'https://api.anthropic.com',
  path: (wire) => (wire === 'anthropic-count-tokens' ? '/v1/messages/count_tokens' : '/v1/messages'),
  modelsPath: '/v1/models?limit=1000',
  modelsCursor: 'after_id',
  authentication: (credential) => ['x-api-key', credential.apiKey],
  forwarded: new Map<string, string | null>([
    ['anthropic-version', '2023-06-01'],
    ['anthropic-beta', null],
    ['x-client-request-id', null],
    ...TRACE_HEADERS,
  ]),
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
