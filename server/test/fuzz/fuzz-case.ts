/** One call of the fuzz: what is asked, under which name and with which headers. The same seed and number ask the same of the same site. */
import { Random } from '../simulation/random.ts';
import { type Asking, answerFor, latin1Text, type ProviderKind } from './hostile-answer.ts';
import { anyText } from './hostile-json.ts';
import { promptOf } from './hostile-provider.ts';

export interface Names {
  readonly openai: string[];
  readonly anthropic: string[];
  readonly embedding: string[];
  readonly completion: string[];
}

export interface FuzzCall {
  /** How the call is found again in the ledger; null where its own id is part of what is fuzzed. */
  readonly id: string | null;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** What it is charged where all of it is as it should be, in nano-dollars; null where anything may come of it. */
  readonly nanoUsd: number | null;
}

/** `fuzz-site.ts` prices, in nano-dollars a token. */
export const INPUT_NANO_USD = 10;
export const OUTPUT_NANO_USD = 100;

/**
 * What a client asks. Responses, those of Cursor, and texts of chat models are asked of a provider as chat or messages, and counts of
 * their input as counts.
 */
type ClientAsking = Asking | 'responses' | 'input_tokens' | 'cursor' | 'text';

const PATHS: Readonly<Record<ClientAsking, string>> = {
  responses: '/v1/responses',
  input_tokens: '/v1/responses/input_tokens',
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
  count_tokens: '/v1/messages/count_tokens',
  embeddings: '/v1/embeddings',
  completions: '/v1/completions',
  text: '/v1/completions',
  cursor: '/cursor/v1/chat/completions',
};

export function callOf(seed: number, n: number, names: Names): FuzzCall {
  const random = new Random(seed * 1_000_003 + n * 2);
  const asking = random.weighted<ClientAsking>([
    [5, 'chat'],
    [3, 'messages'],
    [3, 'responses'],
    [1, 'input_tokens'],
    [1, 'count_tokens'],
    [1, 'embeddings'],
    [2, 'completions'],
    [1, 'text'],
    [2, 'cursor'],
  ]);
  const stream = asking !== 'embeddings' && !isCount(asking) && random.chance(0.5);
  const isOpenAis = asking === 'embeddings' || asking === 'completions';
  const kind: ProviderKind = isOpenAis ? 'openai' : random.pick(['openai', 'anthropic'] as const);
  const isKnown = random.chance(0.95);
  const known = asking === 'embeddings' ? names.embedding : asking === 'completions' ? names.completion : names[kind];
  const model = isKnown ? random.pick(known) : anyText(random, 60);
  const honest = isKnown ? honestOf(seed, n, kind, asking, stream) : null;
  const odd = random.chance(0.15) ? oddHeaders(random) : [];
  const id = odd.length > 0 ? null : `case-${n}`;
  return {
    id,
    path: PATHS[asking],
    headers: id === null ? odd : ['x-client-request-id', id],
    body: bodyOf(asking, model, promptOf(n), stream, random),
    nanoUsd: id === null || honest === null ? null : honest,
  };
}

/** A free endpoint costs nothing; what is asked across dialects is asked of the provider in its own. */
function honestOf(seed: number, n: number, kind: ProviderKind, asking: ClientAsking, stream: boolean): number | null {
  if (isCount(asking)) return null;
  const isOwn = asking === 'embeddings' || asking === 'completions';
  const upstream = isOwn ? asking : kind === 'openai' ? 'chat' : 'messages';
  const { honest } = answerFor(seed, n, kind, upstream, stream);
  return honest === null ? null : honest.input * INPUT_NANO_USD + honest.output * OUTPUT_NANO_USD;
}

function isCount(asking: ClientAsking): boolean {
  return asking === 'count_tokens' || asking === 'input_tokens';
}

export function bodyOf(asking: ClientAsking, model: string, prompt: string, stream: boolean, random: Random): string {
  if (asking === 'embeddings') return JSON.stringify({ model, input: prompt });
  if (asking === 'input_tokens') return JSON.stringify({ model, input: prompt });
  if (asking === 'responses') return JSON.stringify({ model, max_output_tokens: 1_000, stream, input: prompt });
  if (asking === 'completions' || asking === 'text') {
    const prompts = asking === 'completions' && random.chance(0.3) ? [prompt, 'and more'] : prompt;
    return JSON.stringify({ model, max_tokens: 1_000, stream, prompt: prompts });
  }
  if (asking === 'cursor') {
    const usage = stream && random.chance(0.5) ? { stream_options: { include_usage: true } } : {};
    return JSON.stringify({ model, max_output_tokens: 1_000, stream, input: prompt, ...usage });
  }
  const messages = [{ role: 'user', content: prompt }];
  if (asking === 'count_tokens') return JSON.stringify({ model, messages });
  const options = asking === 'chat' && stream && random.chance(0.5) ? { stream_options: { include_usage: true } } : {};
  return JSON.stringify({ model, max_tokens: 1_000, stream, messages, ...options });
}

/** Of those that we read, pass on, or echo. What no head may hold is the lane's fuzz. */
function oddHeaders(random: Random): string[] {
  const names = [
    'x-client-request-id',
    'traceparent',
    'tracestate',
    'anthropic-beta',
    'anthropic-version',
    'user-agent',
    'x-request-id',
  ];
  const value = () =>
    random.weighted<() => string>([
      [3, () => latin1Text(random)],
      [1, () => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      [1, () => `${'v'.repeat(random.pick([128, 129, 2_000]))}`],
      [1, () => '2023-06-01'],
    ])();
  return Array.from({ length: random.whole(1, 3) }, () => [random.pick(names), value()]).flat();
}
