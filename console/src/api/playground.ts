/** A conversation with a callable target, as one of the keys: the data plane's own answer, read as it comes. */

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
  /** As an application names them in `x-headgate-tags`. */
  readonly tags?: readonly string[];
}

/** What the head of an answer says, before its text. */
export interface PlaygroundHead {
  readonly requestId: string | null;
  readonly deploymentId: string | null;
  /** Until the head came, as the browser saw it. */
  readonly headMs: number;
}

/** How a call ended. `failed`: refused or broken, in the gateway's words. */
export type PlaygroundEnd =
  | { readonly is: 'answered'; readonly finishReason: string | null }
  | { readonly is: 'stopped' }
  | { readonly is: 'failed'; readonly status: number; readonly code: string | null; readonly message: string };

interface Listener {
  readonly signal: AbortSignal;
  readonly onHead: (head: PlaygroundHead) => void;
  /** More of the answer's text. */
  readonly onText: (text: string) => void;
}

/** Sends a call and reports its answer piece by piece. Never rejects: whatever happens is an end. */
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
      message: 'The gateway cannot be reached, or the connection broke. Send it again.',
    };
  }
}

interface ErrorBody {
  readonly error?: { readonly message?: string; readonly code?: string | null };
  /** Where the control plane said no, before the data plane was asked. */
  readonly detail?: string;
}

function failureOf(status: number, text: string): PlaygroundEnd {
  let body: ErrorBody = {};
  try {
    body = JSON.parse(text) as ErrorBody;
  } catch {
    // A proxy in between may answer with a page; its status is all there is to say.
  }
  const message = body.error?.message ?? body.detail ?? `The answer was ${status}.`;
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

/** One line of the stream; a late failure comes as an event of its own and stays the end. */
function readLine(line: string, end: PlaygroundEnd, { onText }: Listener): PlaygroundEnd {
  if (!line.startsWith('data:') || line === 'data: [DONE]') return end;
  const event = JSON.parse(line.slice('data:'.length)) as ErrorBody & { readonly choices?: readonly Choice[] };
  if (event.error !== undefined)
    return { is: 'failed', status: 200, code: event.error.code ?? null, message: event.error.message ?? 'The answer broke off.' };
  const [choice] = event.choices ?? [];
  if (typeof choice?.delta?.content === 'string') onText(choice.delta.content);
  return choice?.finish_reason == null || end.is === 'failed' ? end : { is: 'answered', finishReason: choice.finish_reason };
}
