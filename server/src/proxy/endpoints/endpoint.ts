import type { Called, InboundWire } from '../../dialects/dialect.ts';
import { actionIn, calledAt } from '../../dialects/exchange.ts';
import type { DeploymentMode } from '../../domain/routing/catalogue.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import type { ErrorDialect } from '../error-dialect.ts';
import { invalidRequest } from '../refusal.ts';

/** One path of the data plane whose requests are admitted, sent to a provider and settled. */
export interface Endpoint {
  /** The path; `{model}` stands for the model's name, which may hold slashes and colons. */
  readonly path: string;
  /** The name in request-log rows and metrics. */
  readonly name: string;
  readonly wire: InboundWire;
  readonly dialect: ErrorDialect;
  /** The mode of the deployments that can serve it. */
  readonly mode: DeploymentMode;
  /** The mode of others that serve it by translation, as far as the request can be translated. */
  readonly alsoMode?: DeploymentMode;
  /** True if requests are access-checked and counted, but no tokens or money are held or charged. */
  readonly free: boolean;
  /** Returns what the path and the query say of a call, where they say it instead of the body. */
  readonly called?: (request: Pick<GatewayRequest, 'path' | 'query'>) => Called;
  /** The endpoint at the same path for a body of the Responses API. Absent for paths that take one format. */
  readonly forInput?: Endpoint;
}

const GEMINI = { wire: 'gemini', dialect: 'gemini', mode: 'chat', free: false, called } as const;

/** The path that Cursor calls. The answer is a chat completion, whatever the body is. */
const CURSOR = {
  path: '/cursor/v1/chat/completions',
  name: 'cursor_chat_completions',
  dialect: 'openai',
  mode: 'chat',
  free: false,
} as const;

export const ENDPOINTS: readonly Endpoint[] = [
  { path: '/v1/chat/completions', name: 'chat_completions', wire: 'openai-chat', dialect: 'openai', mode: 'chat', free: false },
  { path: '/v1/messages', name: 'messages', wire: 'anthropic-messages', dialect: 'anthropic', mode: 'chat', free: false },
  { path: '/v1/responses', name: 'responses', wire: 'openai-responses', dialect: 'openai', mode: 'chat', free: false },
  {
    path: '/v1/responses/compact',
    name: 'responses_compact',
    wire: 'openai-compact',
    dialect: 'openai',
    mode: 'chat',
    free: false,
  },
  {
    path: '/v1/responses/input_tokens',
    name: 'input_tokens',
    wire: 'openai-input-tokens',
    dialect: 'openai',
    mode: 'chat',
    free: true,
  },
  {
    path: '/v1/messages/count_tokens',
    name: 'count_tokens',
    wire: 'anthropic-count-tokens',
    dialect: 'anthropic',
    mode: 'chat',
    free: true,
  },
  { path: '/v1beta/models/{model}:generateContent', name: 'generate_content', ...GEMINI },
  { path: '/v1beta/models/{model}:streamGenerateContent', name: 'generate_content', ...GEMINI },
  {
    path: '/v1beta/models/{model}:countTokens',
    name: 'gemini_count_tokens',
    ...GEMINI,
    wire: 'gemini-count-tokens',
    free: true,
  },
  { ...CURSOR, wire: 'openai-chat', forInput: { ...CURSOR, wire: 'cursor-responses' } },
  {
    path: '/v1/completions',
    name: 'completions',
    wire: 'openai-completions',
    dialect: 'openai',
    mode: 'completion',
    alsoMode: 'chat',
    free: false,
  },
  { path: '/v1/embeddings', name: 'embeddings', wire: 'openai-embeddings', dialect: 'openai', mode: 'embedding', free: false },
  { path: '/v1/rerank', name: 'rerank', wire: 'cohere-rerank', dialect: 'openai', mode: 'rerank', free: false },
  {
    path: '/v1/moderations',
    name: 'moderations',
    wire: 'openai-moderations',
    dialect: 'openai',
    mode: 'moderation',
    free: false,
  },
  {
    path: '/v1/images/generations',
    name: 'image_generations',
    wire: 'openai-images',
    dialect: 'openai',
    mode: 'image',
    free: false,
  },
  { path: '/v1/images/edits', name: 'image_edits', wire: 'openai-image-edits', dialect: 'openai', mode: 'image', free: false },
  {
    path: '/v1/images/variations',
    name: 'image_variations',
    wire: 'openai-image-variations',
    dialect: 'openai',
    mode: 'image',
    free: false,
  },
  {
    path: '/v1/audio/transcriptions',
    name: 'transcriptions',
    wire: 'openai-transcriptions',
    dialect: 'openai',
    mode: 'transcription',
    free: false,
  },
  {
    path: '/v1/audio/translations',
    name: 'translations',
    wire: 'openai-translations',
    dialect: 'openai',
    mode: 'transcription',
    free: false,
  },
  { path: '/v1/audio/speech', name: 'speech', wire: 'openai-speech', dialect: 'openai', mode: 'speech', free: false },
];

const WALKS: ReadonlyMap<string, Endpoint> = new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]));
/** The endpoints whose path names a model, by the action at its end. */
const ACTIONS: ReadonlyMap<string, Endpoint> = new Map(
  ENDPOINTS.flatMap((endpoint) => (endpoint.called === undefined ? [] : [[actionIn(endpoint.path) ?? '', endpoint]])),
);

/** Returns the endpoint at a path whose requests are admitted and settled; null if there is none. */
export function walkAt(path: string): Endpoint | null {
  const known = WALKS.get(path);
  if (known !== undefined) return known;
  const action = actionIn(path);
  return action === null ? null : (ACTIONS.get(action) ?? null);
}

function called({ path, query }: Pick<GatewayRequest, 'path' | 'query'>): Called {
  const found = calledAt(path, query);
  if (found === null) throw invalidRequest('The model name in the path is not valid percent-encoding.');
  return found;
}
