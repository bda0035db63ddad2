import type { Wire } from '../../dialects/dialect.ts';
import type { DeploymentMode } from '../../domain/routing/catalogue.ts';
import type { ErrorDialect } from '../error-dialect.ts';

/** One path of the data plane whose requests are admitted, sent to a provider and settled. */
export interface Endpoint {
  readonly path: string;
  /** The name in request-log rows and metrics. */
  readonly name: string;
  readonly wire: Wire;
  readonly dialect: ErrorDialect;
  /** The mode of the deployments that can serve it. */
  readonly mode: DeploymentMode;
  /** True if requests are access-checked and counted, but no tokens or money are held or charged. */
  readonly free: boolean;
}

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
  { path: '/v1/embeddings', name: 'embeddings', wire: 'openai-embeddings', dialect: 'openai', mode: 'embedding', free: false },
];
