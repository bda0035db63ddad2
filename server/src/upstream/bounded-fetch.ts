import { type BoundedFetch, type BoundedRequest, NotAnswered } from '../lib/bounded-fetch.ts';
import type { UpstreamFailureKind, UpstreamHeaders } from './call.ts';
import type { Transport } from './transport.ts';

export interface BoundedFetchOptions {
  readonly transport: Transport;
  /** The setting that allows more addresses, for error messages. */
  readonly setting: string;
  /** The timeout for the whole answer, also of one that trickles. Default: 10 s. */
  readonly timeoutMs?: number;
  /** The longest body of an answer. Default: 256 KiB. */
  readonly answerBytesMax?: number;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Creates a fetch over a transport. The transport decides which addresses may be called, and follows no redirect. */
export function createBoundedFetch(options: BoundedFetchOptions): BoundedFetch {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const answerBytesMax = options.answerBytesMax ?? ANSWER_BYTES_MAX;
  const why: Readonly<Record<UpstreamFailureKind, string>> = {
    // The same words for a name inside as for one that nobody knows.
    not_connected: `could not be reached: there is no such host, nothing listens there, its certificate is not trusted, or it is inside the network and not listed in ${options.setting}`,
    reset: 'closed the connection',
    timeout: `did not answer within ${timeoutMs / 1_000} s`,
    refused_address: `has an address that may not be called; to allow it, list it in ${options.setting}`,
    protocol: `sent an answer that could not be read, or one of more than ${answerBytesMax / 1_024} KiB`,
  };
  return (url, request) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const chunks: Buffer[] = [];
      let head: { readonly status: number; readonly headers: UpstreamHeaders } = { status: 0, headers: {} };
      const giveUp = () => {
        call.abort();
        settle(() => reject(new NotAnswered(why.timeout)));
      };
      // The transport's own timeout is for silence.
      const timer = setTimeout(giveUp, timeoutMs);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', giveUp);
        how();
      };
      const call = options.transport.send(
        {
          origin: target.origin,
          method: request.method,
          path: `${target.pathname}${target.search}`,
          headers: headersOf(request),
          body: request.body === null ? null : Buffer.from(request.body),
          timeoutMs,
          answerBytesMax,
        },
        {
          head: (status, headers) => {
            head = { status, headers };
          },
          data: (chunk) => chunks.push(Buffer.from(chunk)) > 0,
          end: () => settle(() => resolve(responseOf(head, Buffer.concat(chunks)))),
          failed: ({ kind }) => settle(() => reject(new NotAnswered(why[kind]))),
        },
      );
      if (request.signal?.aborted === true) giveUp();
      else request.signal?.addEventListener('abort', giveUp, { once: true });
    });
}

function headersOf({ headers }: BoundedRequest): string[] {
  const pairs = Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value]);
  // Nothing here decodes an answer.
  return [...pairs, 'accept-encoding', 'identity'];
}

function responseOf({ status, headers }: { readonly status: number; readonly headers: UpstreamHeaders }, body: Buffer): Response {
  const known = new Headers();
  for (const [name, value] of Object.entries(headers))
    for (const one of [value ?? []].flat()) if (isHeader(name, one)) known.append(name, one);
  const answered = status >= 200 && status <= 599 ? status : 502;
  return new Response(WITHOUT_BODY.has(answered) ? null : new Uint8Array(body), { status: answered, headers: known });
}

/** A name or value that `Headers` refuses is left out: it must not make a call fail in a way that nobody expects. */
function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) && !/[\0\r\n]/.test(value) && /^[\0-\xff]*$/.test(value);
}
