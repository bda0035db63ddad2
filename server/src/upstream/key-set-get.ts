/** GET requests for key sets and their discovery, at addresses that tenants enter. */
import { Agent, request } from 'undici';
import type { AddressPolicy } from './address-policy.ts';
import { RefusedAddress, type ResolveAll } from './guarded-lookup.ts';
import { guardedConnector } from './transport.ts';

export interface TextGetOptions {
  readonly policy: AddressPolicy;
  readonly resolve?: ResolveAll;
  /** Certificates to trust instead of the default ones, in PEM; for tests. */
  readonly ca?: string;
  readonly timeoutMs?: number;
}

export interface TextGet {
  /** Returns the text of a 200. Rejects with an error whose message is the end of a sentence, and names no address. */
  get(url: string, bytesMax: number): Promise<string>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 5_000;
const IDLE_MS = 4_000;
const NOT_FOUND = 'its host name has no address that may be called';

/** Creates a client that calls only allowed addresses, checked at every connect, and follows no redirect. */
export function createTextGet(options: TextGetOptions): TextGet {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const connect = guardedConnector({ ...options, connectTimeoutMs: timeoutMs, hidesInnerNames: true });
  const dispatcher = new Agent({ connect, keepAliveTimeout: IDLE_MS, maxHeaderSize: 32 * 1024 });
  return {
    get: async (url, bytesMax) => {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await request(url, {
          headers: { accept: 'application/json', 'user-agent': 'Headgate' },
          ...{ dispatcher, signal },
        });
        // A body that is left unread ends with an error, which nobody else would take.
        answer.body.on('error', () => {});
        if (answer.statusCode !== 200) {
          answer.body.destroy();
          throw new GetFailed(`it answered with status ${answer.statusCode}`);
        }
        return await textOf(answer.body, bytesMax);
      } catch (error) {
        throw error instanceof GetFailed ? error : new GetFailed(reasonOf(error, timeoutMs));
      }
    },
    close: () => dispatcher.destroy(),
  };
}

class GetFailed extends Error {}

async function textOf(body: AsyncIterable<Buffer>, bytesMax: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    // Leaving the loop closes the connection.
    if (bytes > bytesMax) throw new GetFailed(`its answer is larger than ${bytesMax / 1024} kB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A name of the inner network fails as an unknown name does. Otherwise tenants could probe for such names. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof RefusedAddress) return NOT_FOUND;
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return `it did not answer within ${timeoutMs / 1_000} s`;
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return NOT_FOUND;
  if (code !== undefined && /CERT|TLS|SSL|SIGNED|ALTNAME/.test(code)) return 'its TLS certificate is not trusted';
  return 'the connection was lost';
}
