/** A real OpenID Connect provider (`oidc-provider`) in a process of its own, and a browser that signs people in there. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { freePort } from './ports.ts';

export interface ProviderClient {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
  readonly token_endpoint_auth_method?: 'client_secret_basic' | 'client_secret_post' | 'none';
  readonly backchannel_logout_uri?: string;
  readonly backchannel_logout_session_required?: boolean;
  readonly id_token_signed_response_alg?: string;
}

/** Claims by `sub`. */
export type ProviderPeople = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface ProviderSettings {
  readonly issuer: string;
  readonly port: number;
  readonly clients: readonly ProviderClient[];
  readonly people: ProviderPeople;
  /** Private keys; the first that fits signs. */
  readonly keys: readonly JWK[];
  /** True: e-mail and name are at the userinfo endpoint alone. */
  readonly keepsIdTokenSmall?: boolean;
}

export interface ProviderOrder {
  readonly id: number;
  readonly keys?: readonly JWK[];
  readonly people?: ProviderPeople;
  readonly clients?: readonly ProviderClient[];
  readonly logout?: { readonly clientId: string; readonly sub: string; readonly sid: string };
}

export interface RunningProvider {
  readonly issuer: string;
  /** Signs with other keys from now on. */
  roll(keys: readonly JWK[]): Promise<void>;
  setPeople(people: ProviderPeople): Promise<void>;
  setClients(clients: readonly ProviderClient[]): Promise<void>;
  /** Posts a logout token to the client's address. Rejects if it is not accepted. */
  logOut(of: { readonly clientId: string; readonly sub: string; readonly sid: string }): Promise<void>;
  /** Stops the process in the middle of whatever it does: connections stay open, and nothing is answered. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Starts a provider on a free port. */
export async function startOidcProvider(
  settings: Omit<ProviderSettings, 'issuer' | 'port' | 'keys'> & { readonly keys?: readonly JWK[] },
): Promise<RunningProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const all: ProviderSettings = { ...settings, keys: settings.keys ?? [await signingKey('first')], issuer, port };
  const program = new URL('./oidc-provider-process.ts', import.meta.url);
  const child = fork(program, {
    env: { ...process.env, OIDC_PROVIDER: JSON.stringify(all), NODE_OPTIONS: '' },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-4_000);
  });
  await ready(child, () => complaint);
  const order = orders(child);
  return {
    issuer,
    roll: (keys) => order({ keys }),
    setPeople: (people) => order({ people }),
    setClients: (clients) => order({ clients }),
    logOut: (logout) => order({ logout }),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function ready(child: ChildProcess, complaint: () => string): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the provider ended with ${code}: ${complaint()}`);
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
}

function orders(child: ChildProcess): (order: Omit<ProviderOrder, 'id'>) => Promise<void> {
  let last = 0;
  return (order) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const hear = (said: { is: string; id?: number; reason?: string }) => {
        if (said.id !== id) return;
        child.off('message', hear);
        if (said.is === 'done') resolve();
        else reject(new Error(said.reason));
      };
      child.on('message', hear);
      child.send({ ...order, id });
    });
}

/** Makes a private key for signatures, with this `kid`. */
export async function signingKey(kid: string, alg: 'RS256' | 'ES256' | 'EdDSA' = 'RS256'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

/** A browser: it keeps cookies by host and port, and follows redirects until one leads to `until`. `always`: headers of each call. */
export function createBrowser(always: Readonly<Record<string, string>> = {}) {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  async function open(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...always, ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/;\s*(?:max-age=0|expires=thu, 01 jan 1970)/i.test(line)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  /** Follows redirects from `url`, and returns the first address that begins with `until`, unopened. */
  async function follow(url: string, until: string): Promise<string> {
    let here = url;
    for (let hop = 0; hop < 10; hop += 1) {
      if (here.startsWith(until)) return here;
      const answer = await open(here);
      const to = answer.headers.get('location');
      if (to === null) throw new Error(`${here} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
      here = new URL(to, here).href;
    }
    throw new Error(`${url} never led to ${until}`);
  }

  return { open, follow, cookiesOf: (url: string) => new Map(jarOf(url)) };
}
