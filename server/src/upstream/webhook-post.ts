import { Agent, request } from 'undici';
import type { Clock } from '../lib/timing/clock.ts';
import type { AddressPolicy } from './address-policy.ts';
import { RefusedAddress, type ResolveAll } from './guarded-lookup.ts';
import { guardedConnector } from './transport.ts';

export interface WebhookPostOptions {
  readonly policy: AddressPolicy;
  readonly clock: Clock;
  readonly resolve?: ResolveAll;
  /** Certificates to trust instead of the default ones, in PEM; for tests. */
  readonly ca?: string;
  /** The timeout for the whole attempt, including connecting. Default: 15 s. */
  readonly timeoutMs?: number;
}

export interface WebhookMessage {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type WebhookAnswer =
  | { readonly is: 'answered'; readonly status: number }
  | { readonly is: 'failed'; readonly reason: string };

export interface WebhookPost {
  /** Sends one message. Never rejects. Returns only the status: whoever sets the address must not be able to read the answer. */
  send(message: WebhookMessage): Promise<WebhookAnswer>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const IDLE_MS = 4_000;
const NOT_FOUND = 'the host name has no address that webhooks may be sent to';

/** Creates a sender of webhooks. It posts only to allowed addresses, checked at every connect, and follows no redirect. */
export function createWebhookPost(options: WebhookPostOptions): WebhookPost {
  const connect = guardedConnector({ ...options, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  const dispatcher = new Agent({ connect, keepAliveTimeout: IDLE_MS, maxHeaderSize: 32 * 1024 });
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return {
    send: async ({ url, headers, body }) => {
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const answer = await request(url, {
          method: 'POST',
          headers: { ...headers, 'user-agent': 'Headgate-Webhooks' },
          body,
          dispatcher,
          signal,
        });
        await answer.body.dump({ limit: ANSWER_BYTES_MAX, signal }).catch(() => {});
        return { is: 'answered', status: answer.statusCode };
      } catch (error) {
        return { is: 'failed', reason: reasonOf(error, timeoutMs) };
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/**
 * Describes an error without an address, so that readers cannot learn what a name resolved to. A name that resolves to an inner
 * address gives the same text as an unknown name. Otherwise tenants could probe for names in the inner network.
 */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof RefusedAddress) return NOT_FOUND;
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return `the receiver did not answer within ${timeoutMs / 1_000} s`;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'the connection took too long';
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return NOT_FOUND;
  if (code !== undefined && /CERT|TLS|SSL|SIGNED|ALTNAME/.test(code)) return 'the TLS certificate of the receiver is not trusted';
  return 'the connection was lost';
}
