import type { CloudForm, InboundWire, Wire } from '../../dialects/dialect.ts';
import { claudeVersion } from '../../dialects/model-names.ts';
import type { Provider } from '../provider.ts';
import { bedrockCalls } from './bedrock-calls.ts';
import { countedModel } from './endpoints.ts';
import type { KeysDeps } from './keys-deps.ts';
import { readBedrockError, saysExpired } from './read-bedrock-error.ts';

/** The wires in which chats are served; Anthropic's own are decided by the model. */
const WIRES: Readonly<Record<InboundWire, Wire | null>> = {
  'anthropic-messages': 'bedrock-converse',
  'openai-chat': 'bedrock-converse',
  'openai-responses': 'bedrock-converse',
  'openai-completions': 'bedrock-converse',
  'cursor-responses': 'bedrock-converse',
  gemini: 'bedrock-converse',
  'openai-compact': null,
  'openai-input-tokens': null,
  'anthropic-count-tokens': null,
  'gemini-count-tokens': null,
  'openai-embeddings': null,
  'cohere-rerank': null,
  'openai-moderations': null,
  'openai-images': null,
  'openai-speech': null,
  'openai-transcriptions': null,
  'openai-translations': null,
  'openai-image-edits': null,
  'openai-image-variations': null,
};

/**
 * The betas of Anthropic's that Bedrock knows. A request with any other is refused there:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
 */
const BETAS = [
  'interleaved-thinking-2025-05-14',
  'context-1m-2025-08-07',
  'context-management-2025-06-27',
  'computer-use-2024-10-22',
  'computer-use-2025-01-24',
  'computer-use-2025-11-24',
  'token-efficient-tools-2025-02-19',
  'output-128k-2025-02-19',
  'dev-full-thinking-2025-05-14',
  'effort-2025-11-24',
  'tool-search-tool-2025-10-19',
  'tool-examples-2025-10-29',
  'compact-2026-01-12',
];
/** From this version on, a model takes the first of them alone (anthropics/claude-code#49370). */
const FEW_BETAS_FROM = 4.7;

const FORM: CloudForm = {
  version: 'bedrock-2023-05-31',
  omits: ['model', 'stream'],
  listsBetas: true,
  knownBetas: BETAS,
};
const FEW_BETAS_FORM: CloudForm = { ...FORM, knownBetas: BETAS.slice(0, 1) };

/** Creates the provider for Amazon Bedrock. */
export function createBedrockProvider(deps: KeysDeps): Provider {
  const { open, openModels, ended } = bedrockCalls(deps);
  return {
    name: 'bedrock',
    wireFor(client, { mode, upstreamModel }) {
      if (mode === 'rerank') return client === 'cohere-rerank' ? 'bedrock-rerank' : null;
      if (mode !== 'chat') return null;
      if (!isClaude(upstreamModel)) return WIRES[client];
      if (client === 'anthropic-messages') return client;
      const isCount = client === 'anthropic-count-tokens' || client === 'openai-input-tokens';
      if (isCount) return countedModel(upstreamModel) === null ? null : 'anthropic-count-tokens';
      return WIRES[client];
    },
    cloudForm(wire, { upstreamModel }) {
      if (wire !== 'anthropic-messages' && wire !== 'anthropic-count-tokens') return null;
      return (claudeVersion(upstreamModel) ?? 0) >= FEW_BETAS_FROM ? FEW_BETAS_FORM : FORM;
    },
    open,
    openModels,
    readError(status, headers, body, credential) {
      if (credential != null && saysExpired(headers)) ended(credential);
      return readBedrockError(status, headers, body, credential);
    },
  };
}

/** Reports whether a model speaks Anthropic's messages. The ARN of a profile of one's own does not tell. */
function isClaude(model: string): boolean {
  return /claude/i.test(model);
}
