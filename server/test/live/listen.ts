/** A listener of server-sent events, over real HTTP. */
import { createParser } from 'eventsource-parser';
import type { AdminWorld, Headers } from '../admin/support.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test asks for a field by its name, and a wrong one fails the test.
export type Told = { readonly event: string; readonly data: any };

export interface Listening {
  readonly status: number;
  readonly headers: globalThis.Headers;
  /** Everything told so far. */
  readonly told: readonly Told[];
  /** The bytes as they came. */
  readonly raw: () => string;
  /** Resolves when the server ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function listenTo(address: string, path: string, headers: Headers): Promise<Listening> {
  const leaving = new AbortController();
  const response = await fetch(`${address}/api/v1${path}`, { headers, signal: leaving.signal });
  const told: Told[] = [];
  let raw = '';
  const read = async () => {
    const parser = createParser({ onEvent: ({ event = '', data }) => told.push({ event, data: JSON.parse(data) }) });
    const decoder = new TextDecoder();
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      const text = decoder.decode(chunk, { stream: true });
      raw += text;
      parser.feed(text);
    }
  };
  return {
    status: response.status,
    headers: response.headers,
    told,
    raw: () => raw,
    ended: read().catch(() => {}),
    close: () => leaving.abort(),
  };
}

/** The headers of somebody with these roles, in a world of the admin API. */
export function asActor(roles: readonly object[], accountId: string | null = null): Headers {
  const actor = { kind: 'account', id: accountId ?? 'acct_nobody', name: 'Somebody', roles, accountId };
  return { 'x-test-actor': JSON.stringify(actor) };
}

/** A token of the admin API and how to take it away. */
export async function makeToken(world: AdminWorld, role: string, organizationId: string | null) {
  const made = await world.root('POST', '/admin-tokens', { name: role, role, organization_id: organizationId });
  return {
    headers: { authorization: `Bearer ${made.body.token}` },
    revoke: () => world.root('DELETE', `/admin-tokens/${made.body.id}`),
  };
}
