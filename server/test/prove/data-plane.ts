/** Calls of the data plane as an application makes them, answered with what a check looks at. */
import type { Gateway } from './gateway.ts';

export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The error's code and param; null on an answer that is none. */
  readonly error: { readonly code: string | null; readonly param: string | null; readonly message: string } | null;
}

export interface Chat {
  readonly prompt?: string;
  readonly stream?: boolean;
}

/** One chat call. An answer of any status is a result; a broken connection rejects. */
export async function chat(
  gateway: Gateway,
  secret: string,
  model: string,
  { prompt = 'Hi.', stream }: Chat = {},
): Promise<Said> {
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      max_tokens: 20,
      messages: [{ role: 'user', content: prompt }],
      ...(stream === undefined ? {} : { stream }),
    }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, error: response.ok ? null : JSON.parse(text).error };
}

/** The names that `GET /v1/models` lists for a key, as listed. */
export async function listedModels(gateway: Gateway, secret: string): Promise<string[]> {
  const response = await fetch(`${gateway.base}/v1/models`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: AbortSignal.timeout(30_000),
  });
  const body = (await response.json()) as { data?: { id: string }[] };
  if (body.data === undefined) throw new Error(`GET /v1/models answered ${response.status}: ${JSON.stringify(body)}`);
  return body.data.map(({ id }) => id);
}

/** Does `work` for each item, at most `width` at a time; results in the items' order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as Item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
