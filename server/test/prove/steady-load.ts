/** Callers that never stop, and remember of each call what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsIn } from '../support/event-stream.ts';

/** What one call came to. `unreached`: nobody listened. `cut`: the connection broke before the whole answer was in. */
export type Fate =
  | {
      readonly is: 'answered';
      readonly requestId: string;
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly isDegraded: boolean;
    }
  | {
      readonly is: 'error';
      readonly status: number;
      readonly code: string | null;
      readonly requestId: string | null;
      readonly message: string;
    }
  | { readonly is: 'unreached' }
  | { readonly is: 'cut' };

export interface SteadyLoad {
  /** By call id, of every call that has ended. */
  readonly fates: ReadonlyMap<string, Fate>;
  /** Ids of calls that wait for their answer now. */
  inFlight(): readonly string[];
  /** Calls begun from now on carry this name in front of their id. */
  phase: string;
  /** No new calls; resolves when all have ended. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Where the next call goes. */
  readonly base: string | (() => string);
  readonly keys: readonly { readonly secret: string }[];
  readonly model: string;
  readonly width: number;
  /** The first phase. */
  readonly phase: string;
  /** Between two calls of one caller. */
  readonly pauseMs: number;
}

const CALL_MS_MAX = 30_000;
const UNREACHED_PAUSE_MS = 20;

/** Begins at once. Every second call is a stream. A call's id is its `user` field and its `x-client-request-id`. */
export function startLoad(options: LoadOptions): SteadyLoad {
  const fates = new Map<string, Fate>();
  const waiting = new Set<string>();
  const load = { phase: options.phase, isStopped: false };
  let made = 0;
  const caller = async (index: number) => {
    const key = options.keys[index % options.keys.length] as { secret: string };
    while (!load.isStopped) {
      made += 1;
      const id = `${load.phase}-${made}`;
      waiting.add(id);
      const fate = await call(options, key.secret, id, made % 2 === 0 ? 'stream' : 'whole');
      waiting.delete(id);
      fates.set(id, fate);
      await sleep(fate.is === 'unreached' ? UNREACHED_PAUSE_MS : options.pauseMs);
    }
  };
  const callers = Array.from({ length: options.width }, (_, index) => caller(index));
  return Object.assign(load, {
    fates,
    inFlight: () => [...waiting],
    stop: async () => {
      load.isStopped = true;
      await Promise.all(callers);
    },
  });
}

async function call({ base, model }: LoadOptions, secret: string, id: string, how: 'stream' | 'whole'): Promise<Fate> {
  const body = { model, user: id, max_tokens: 64, messages: [{ role: 'user', content: 'Hi.' }] };
  const stream = how === 'stream' ? { stream: true, stream_options: { include_usage: true } } : {};
  try {
    const at = typeof base === 'string' ? base : base();
    const response = await fetch(`${at}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-client-request-id': id },
      body: JSON.stringify({ ...body, ...stream }),
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    const text = await response.text();
    const requestId = response.headers.get('x-request-id');
    if (response.status !== 200)
      return { is: 'error', status: response.status, code: codeOf(text), requestId, message: text.slice(0, 300) };
    const usage = how === 'stream' ? streamedUsage(text) : usageOf(text);
    return usage === null || requestId === null
      ? { is: 'cut' }
      : { is: 'answered', requestId, ...usage, isDegraded: response.headers.has('x-headgate-degraded') };
  } catch (error) {
    return { is: isUnreached(error) ? 'unreached' : 'cut' };
  }
}

interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

function usageOf(json: string): Usage | null {
  const { usage } = JSON.parse(json) as { usage?: { prompt_tokens: number; completion_tokens: number } | null };
  return usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : null;
}

/** Of a stream that came to its end; null of one that broke off. */
function streamedUsage(text: string): Usage | null {
  const events = eventsIn(text);
  return events.at(-1)?.data === '[DONE]' ? usageOf(events.at(-2)?.data ?? '{}') : null;
}

function codeOf(text: string): string | null {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code ?? null;
  } catch {
    return null;
  }
}

function isUnreached(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
