import type { UpstreamFailureKind, UpstreamHeaders } from '../../upstream/call.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { TransportRequest } from '../../upstream/transport-request.ts';
import { type FetchedToken, TokenFailure } from '../kept-token.ts';

/** A request for a token. It contains a secret, or a proof of one. */
export type TokenRequest = Pick<TransportRequest, 'origin' | 'method' | 'path' | 'headers'> & { readonly body: string | null };

interface TokenAnswer {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: string;
}

const ANSWER_BYTES_MAX = 64 * 1024;
const TIMEOUT_MS = 10_000;
/** Tokens of Entra have up to a few thousand characters. */
const TOKEN_LENGTH_MAX = 16 * 1024;

const WHY: Readonly<Record<UpstreamFailureKind, string>> = {
  not_connected: 'the server of tokens could not be reached',
  reset: 'the server of tokens closed the connection',
  timeout: 'the server of tokens did not answer in time',
  refused_address: 'the address of the server of tokens is not allowed',
  protocol: 'the answer of the server of tokens could not be read',
};

/** Asks a server for a token, and reads its answer as OAuth writes it (RFC 6749, section 5). Rejects with TokenFailure. */
export async function askToken(
  transport: Transport,
  request: TokenRequest,
  signal: AbortSignal,
  isGenuine: (headers: UpstreamHeaders) => boolean = () => true,
): Promise<FetchedToken<string>> {
  const answer = await ask(transport, request, signal);
  if (answer.status !== 200) throw new TokenFailure(`the server of tokens answered ${answer.status}${reasonIn(answer.body)}`);
  if (!isGenuine(answer.headers)) throw new TokenFailure('the answer is not of the machine’s own server of tokens');
  return tokenIn(answer.body);
}

function ask(transport: Transport, request: TokenRequest, signal: AbortSignal): Promise<TokenAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let headers: UpstreamHeaders = {};
    const call = transport.send(
      {
        ...request,
        body: request.body === null ? null : Buffer.from(request.body),
        timeoutMs: TIMEOUT_MS,
        answerBytesMax: ANSWER_BYTES_MAX,
      },
      {
        head: (answered, answeredHeaders) => {
          status = answered;
          headers = answeredHeaders;
        },
        data: (chunk) => chunks.push(Buffer.from(chunk)) > 0,
        end: () => resolve({ status, headers, body: Buffer.concat(chunks).toString() }),
        failed: ({ kind }) => reject(new TokenFailure(WHY[kind])),
      },
    );
    // Silence ends a call by itself; an answer that trickles is ended by whoever waits for it.
    signal.addEventListener('abort', () => call.abort(), { once: true });
  });
}

function tokenIn(body: string): FetchedToken<string> {
  const { access_token: token, expires_in: expiresIn, token_type: type = 'Bearer' } = objectIn(body);
  // A token goes into a header, so it may hold only what a header may.
  if (typeof token !== 'string' || token.length > TOKEN_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(token))
    throw new TokenFailure('the server of tokens did not answer with a token');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw new TokenFailure('the server of tokens answered with a token that is not of the type Bearer');
  // Azure's metadata service writes it as text.
  const seconds = typeof expiresIn === 'string' && /^\d{1,12}$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  if (typeof seconds !== 'number') throw new TokenFailure('the server of tokens did not say how long its token lasts');
  return { token, lastsMs: seconds * 1_000 };
}

/** The errors of OAuth and of the metadata services. No other word of an answer is repeated: it could repeat the secret. */
const ERRORS: ReadonlySet<unknown> = new Set([
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope'],
  ...['access_denied', 'server_error', 'temporarily_unavailable', 'invalid_resource', 'invalid_target', 'identity_not_found'],
]);

/** Returns the reason that an error answer names, in parentheses; empty if it names none that is known. */
function reasonIn(body: string): string {
  const { error, error_codes: codes } = objectIn(body);
  // Entra's numbers say more than OAuth's words: AADSTS7000215 is a wrong secret, AADSTS7000222 one that has expired.
  const code: unknown = Array.isArray(codes) ? codes[0] : null;
  const number = Number.isInteger(code) && (code as number) >= 10_000 && (code as number) < 10_000_000 ? `AADSTS${code}` : null;
  const words = [ERRORS.has(error) ? error : null, number].filter((word) => word !== null);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function objectIn(body: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
