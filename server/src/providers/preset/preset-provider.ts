import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import { isOfResponses } from '../../dialects/exchange.ts';
import type { Preset, PresetWire } from '../../domain/presets/preset.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { Provider } from '../provider.ts';
import { readAnthropicError } from '../read-anthropic-error.ts';
import { readOpenAiError } from '../read-error.ts';
import { CHAT_WIRES, MESSAGES_HEADERS, OPENAI_HEADERS } from '../served-wires.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const OPENAI_WIRES: VendorHttp = {
  defaultBaseUrl: '',
  baseUrl: (credential) => credential.baseUrl ?? credential.preset?.baseUrl ?? null,
  // Only wires that the preset names are called.
  path: (wire, _model, credential) => credential.preset?.wires[wire as PresetWire] ?? '',
  modelsPath: ({ preset }) => (preset !== null && preset !== undefined && isOfMessages(preset) ? '/v1/models' : '/models'),
  authentication,
  forwarded: OPENAI_HEADERS,
  passesQuery: false,
};

const MESSAGES_WIRES: VendorHttp = { ...OPENAI_WIRES, forwarded: MESSAGES_HEADERS, passesQuery: true };

/** Creates the provider for every vendor that is a preset. The credential of a deployment has the preset. */
export function createPresetProvider({ transport }: { readonly transport: Transport }): Provider {
  const ofOpenAi = callOverHttp(OPENAI_WIRES, transport);
  const ofMessages = callOverHttp(MESSAGES_WIRES, transport);
  return {
    name: 'preset',
    wireFor(client, { mode, credential }) {
      const wires = credential?.preset?.wires ?? {};
      if (mode === 'completion') return client === 'openai-completions' && wires[client] !== undefined ? client : null;
      return nativeWire(client, wires) ?? translatedWire(client, wires);
    },
    open: (request, sink) =>
      request.wire.startsWith('anthropic-') ? ofMessages.open(request, sink) : ofOpenAi.open(request, sink),
    openModels: ofOpenAi.openModels,
    readError: (status, headers, body, credential) => {
      const preset = credential?.preset ?? null;
      const read = preset !== null && isOfMessages(preset) ? readAnthropicError : readOpenAiError;
      return read(status, headers, body, credential);
    },
  };
}

/** Returns the wire in which a request passes unchanged. A text completion is one only at a deployment for them. */
function nativeWire(client: InboundWire, wires: Preset['wires']): Wire | null {
  if (client === 'openai-completions') return null;
  const own = client === 'cursor-responses' ? 'openai-responses' : client;
  return wires[own as PresetWire] === undefined ? null : own;
}

/** Returns the wire that a chat is translated into, or that counts for it. */
function translatedWire(client: InboundWire, wires: Preset['wires']): Wire | null {
  if (client === 'openai-input-tokens' && wires['anthropic-count-tokens'] !== undefined) return 'anthropic-count-tokens';
  if (CHAT_WIRES[client] !== 'openai-chat') return null;
  if (wires['openai-chat'] !== undefined) return 'openai-chat';
  if (wires['anthropic-messages'] !== undefined) return 'anthropic-messages';
  // Texts that continue have no form there.
  return wires['openai-responses'] !== undefined && !isOfResponses(client) ? 'openai-responses' : null;
}

function isOfMessages({ wires }: Preset): boolean {
  return wires['openai-chat'] === undefined && wires['anthropic-messages'] !== undefined;
}

function authentication({ preset, apiKey }: CredentialConfig): string[] {
  const auth = preset?.auth ?? 'none';
  if (auth === 'none' || apiKey === '') return [];
  return auth === 'bearer' ? ['authorization', `Bearer ${apiKey}`] : [auth.header, apiKey];
}
