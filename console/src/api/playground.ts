/** Sends a conversation to a callable target with one of the keys, and reads the data plane's own answer as it arrives. */

export interface PlaygroundMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface PlaygroundCall {
  readonly key_id: string;
  readonly endpoint: 'chat';
  readonly model: string;
  readonly messages: readonly PlaygroundMessage[];
  readonly stream: boolean;
  readonly max_tokens?: number;
  readonly temperature?: number;
  /** Tags as in the header `x-headgate-tags`. */
  readonly tags?: readonly string[];
}

/** Facts from an answer's headers, before its text. */
export interface PlaygroundHead {
  readonly requestId: string | null;
  readonly deploymentId: string | null;
  /** The time until the headers arrived in this browser, in milliseconds. */
  readonly headMs: number;
}

/** The end of a call. `failed`: the gateway refused it or the answer broke off, in the gateway's words. */
export type PlaygroundEnd =
  | { readonly is: 'answered'; readonly finishReason: string | null }
  | { readonly is: 'stopped' }
  | { readonly is: 'failed'; readonly status: number; readonly code: string | null; readonly message: string };

interface Listener {
  readonly signal: AbortSignal;
  readonly onHead: (head: PlaygroundHead) => void;
  /** Called with each further part of the answer's text. */
  readonly onText: (text: string) => void;
}

/** Sends a call and reports its answer piece by piece. Never rejects: every failure is an end. */
export async function callPlayground(call: PlaygroundCall, listener: Listener): Promise<PlaygroundEnd> {
  try {
    const startedMs = performance.now();
    const response = await fetch('/api/v1/playground', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(call),
      signal: listener.signal,
    });
    listener.onHead({
      requestId: response.headers.get('x-request-id'),
      deploymentId: response.headers.get('x-headgate-deployment'),
      headMs: Math.round(performance.now() - startedMs),
    });
    if (!response.ok) return failureOf(response.status, await response.text());
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return isStream ? await readStream(response, listener) : readWhole(await response.json(), listener);
  } catch {
    if (listener.signal.aborted) return { is: 'stopped' };
    return {
      is: 'failed',
      status: 0,
      code: null,
      message: 'The gateway cannot be reached, or the connection was lost. Send the message again.',
    };
  }
}

interface ErrorBody {
  readonly error?: { readonly message?: string; readonly code?: string | null };
  /** Present if the control plane refused the call before it reached the data plane. */
  readonly detail?: string;
}

function failureOf(status: number, text: string): PlaygroundEnd {
  let body: ErrorBody = {};
  try {
    body = JSON.parse(text) as ErrorBody;
  } catch {
    // A proxy in between may answer with an HTML page; then only the status is useful.
  }
  const message = body.error?.message ?? body.detail ?? `The gateway answered with status ${status}.`;
  return { is: 'failed', status, code: body.error?.code ?? null, message };
}

interface Choice {
  readonly message?: { readonly content?: string | null };
  readonly delta?: { readonly content?: string | null };
  readonly finish_reason?: string | null;
}

function readWhole(body: { readonly choices?: readonly Choice[] }, { onText }: Listener): PlaygroundEnd {
  const [choice] = body.choices ?? [];
  onText(choice?.message?.content ?? '');
  return { is: 'answered', finishReason: choice?.finish_reason ?? null };
}

async function readStream(response: Response, listener: Listener): Promise<PlaygroundEnd> {
  if (response.body === null) return failureOf(response.status, '');
  let rest = '';
  let end: PlaygroundEnd = { is: 'answered', finishReason: null };
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return end;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) end = readLine(line.trim(), end, listener);
  }
}

/** Reads one line of the stream. A failure during the answer is an event of its own, and remains the end. */
function readLine(line: string, end: PlaygroundEnd, { onText }: Listener): PlaygroundEnd {
  if (!line.startsWith('data:') || line === 'data: [DONE]') return end;
  const event = JSON.parse(line.slice('data:'.length)) as ErrorBody & { readonly choices?: readonly Choice[] };
  if (event.error !== undefined)
    return {
      is: 'failed',
      status: 200,
      code: event.error.code ?? null,
      message: event.error.message ?? 'The answer ended before it was complete. Send the message again.',
    };
  const [choice] = event.choices ?? [];
  if (typeof choice?.delta?.content === 'string') onText(choice.delta.content);
  return choice?.finish_reason == null || end.is === 'failed' ? end : { is: 'answered', finishReason: choice.finish_reason };
}
