/** Signing in by the browser of this machine: RFC 8252 with a loopback address, and PKCE (RFC 7636). */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { equalInConstantTime } from '../../lib/secrets.ts';
import { CommandFailed, EXIT } from '../outcome.ts';
import { plain, postForm, wordsOf } from './gateway-calls.ts';
import type { Login } from './login-file.ts';
import { CLIENT_ID, loginOf } from './token-answer.ts';

/** The device that signs in, and the place that it proposes. */
export interface Wish {
  readonly device: string;
  /** The organization and team that the page proposes. */
  readonly hints: Readonly<Record<string, string>>;
}

const WAIT_MS_MAX = 10 * 60_000;

/** Signs in. `show` gets the address of the page that approves. Waits for the person for at most ten minutes. */
export async function signInByBrowser(
  url: string,
  { device, hints }: Wish,
  show: (address: string) => Promise<void>,
): Promise<Login> {
  const [verifier, state] = [token(), token()];
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const back = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
    const code = codeFrom(server, state);
    const asked = {
      response_type: 'code',
      client_id: CLIENT_ID,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      redirect_uri: back,
      state,
      device_name: device,
      ...hints,
    };
    await show(`${url}/connect?${new URLSearchParams(asked)}`);
    const form = { grant_type: 'authorization_code', code: await code, code_verifier: verifier, redirect_uri: back };
    const answer = await postForm(url, '/v1/oauth/token', { ...form, client_id: CLIENT_ID });
    if (answer.status !== 200) throw new CommandFailed(`${url} did not sign you in: ${wordsOf(answer)}`, EXIT.notAllowed);
    return loginOf(answer, url, { device }, Date.now());
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Resolves with the code that the browser brings with our state. Rejects if the person refused, or after ten minutes. */
function codeFrom(server: ReturnType<typeof createServer>, state: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new CommandFailed('Nobody approved the login within ten minutes. Try again.')),
      WAIT_MS_MAX,
    );
    server.once('close', () => clearTimeout(late));
    server.on('request', ({ url = '', method }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
      // Any page can send a browser here. Only the one that got our state is heard.
      if (method !== 'GET' || pathname !== '/callback' || !equalInConstantTime(searchParams.get('state') ?? '', state)) {
        page(response, 404, 'Nothing is here', 'This address belongs to a login that is not yours, or that has ended.');
        return;
      }
      const [code, error] = [searchParams.get('code'), searchParams.get('error')];
      if (code) {
        page(response, 200, 'You are signed in', 'You can close this page and go back to the terminal.');
        response.once('close', () => resolve(code));
        return;
      }
      page(response, 200, 'You are not signed in', 'You can close this page. The terminal says why.');
      const why =
        error === 'access_denied'
          ? 'You refused it.'
          : plain(searchParams.get('error_description') ?? error ?? 'No code came back.');
      response.once('close', () => reject(new CommandFailed(`The login was not approved. ${why}`, EXIT.notAllowed)));
    });
  });
}

function page(response: ServerResponse, status: number, title: string, words: string): void {
  const html = `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${words}</p>\n`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(html);
}

function token(): string {
  return randomBytes(32).toString('base64url');
}
