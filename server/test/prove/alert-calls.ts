/** Few calls, again and again, whose answers nobody judges. */
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 200;
const CALL_MS_MAX = 10_000;

export interface Calling {
  readonly secret: string;
  readonly model: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Makes one call. Returns its status; null if there was no answer. */
export async function callOnce(base: string, { secret, model, headers = {}, body = {} }: Calling): Promise<number | null> {
  try {
    const answer = await fetch(`${base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model, max_tokens: 8, messages: [{ role: 'user', content: 'Hi.' }], ...body }),
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return null;
  }
}

/** Makes five calls a second at most, one after the other, until it is stopped. */
export function repeatedly(base: () => string, calling: Calling): { stop(): Promise<void> } {
  let isOver = false;
  const calls = (async () => {
    for (; !isOver; await sleep(EVERY_MS)) await callOnce(base(), calling);
  })();
  return {
    stop: () => {
      isOver = true;
      return calls;
    },
  };
}
