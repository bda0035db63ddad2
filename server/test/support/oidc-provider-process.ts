/** The child process of oidc-provider.ts: a real OpenID Connect provider, told by messages which keys, clients and people it has. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
// @ts-expect-error: the package has no types, and only this file uses it.
import { Provider } from 'oidc-provider';
import type { ProviderOrder, ProviderSettings } from './oidc-provider.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Running {
  readonly provider: {
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<{ params: { login_hint?: string } }>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
    readonly Client: {
      find(id: string): Promise<{ backchannelLogout(sub: string, sid: string): Promise<void> } | undefined>;
    };
    callback(): Handler;
  };
  readonly handle: Handler;
}

type Kept = Record<string, unknown> & { uid?: string; grantId?: string };

const kept = new Map<string, Kept>();

/** Keeps codes and sessions beside the provider, so that they stay when it begins again with other keys. */
class Memory {
  readonly #model: string;
  constructor(model: string) {
    this.#model = model;
  }
  async upsert(id: string, payload: Kept): Promise<void> {
    kept.set(`${this.#model}:${id}`, payload);
  }
  async find(id: string): Promise<Kept | undefined> {
    return kept.get(`${this.#model}:${id}`);
  }
  async findByUid(uid: string): Promise<Kept | undefined> {
    return [...kept].find(([name, { uid: of }]) => name.startsWith(`${this.#model}:`) && of === uid)?.[1];
  }
  async findByUserCode(): Promise<undefined> {}
  async consume(id: string): Promise<void> {
    const one = kept.get(`${this.#model}:${id}`);
    if (one !== undefined) one.consumed = Math.floor(Date.now() / 1_000);
  }
  async destroy(id: string): Promise<void> {
    kept.delete(`${this.#model}:${id}`);
  }
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [name, one] of kept) if (one.grantId === grantId) kept.delete(name);
  }
}

const settings = JSON.parse(process.env.OIDC_PROVIDER as string) as ProviderSettings;
let { people, keys } = settings;
let { clients } = settings;
let running = begin();

function begin(): Running {
  const provider = new Provider(settings.issuer, configuration());
  provider.proxy = true;
  return { provider, handle: provider.callback() };
}

function configuration(): object {
  return {
    clients: clients.map((client) => ({
      response_types: ['code'],
      grant_types: ['authorization_code'],
      ...client,
    })),
    adapter: Memory,
    jwks: { keys },
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    claims: { openid: ['sub', 'groups', 'amr'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: settings.keepsIdTokenSmall === true,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      userinfo: { enabled: true },
    },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    // Without its guard against addresses of this machine: the gateway under test is one.
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) => fetch(url, options),
    findAccount: (_context: unknown, id: string) => {
      const claims = people[id];
      return claims === undefined ? undefined : { accountId: id, claims: () => ({ ...claims, sub: id }) };
    },
    loadExistingGrant: async (context: GrantContext) => {
      const { provider, client, session } = context.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  };
}

interface GrantContext {
  readonly oidc: {
    readonly provider: { readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> } };
    readonly client: { readonly clientId: string };
    readonly session: { readonly accountId: string };
  };
}

/** Whoever the browser says it is: `login_hint` stands for a password that was typed. */
async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { provider } = running;
  const { params } = await provider.interactionDetails(request, response);
  const accountId = params.login_hint ?? Object.keys(people)[0];
  const amr = people[accountId ?? '']?.amr;
  await provider.interactionFinished(request, response, {
    login: { accountId, remember: true, ...(amr === undefined ? {} : { amr }) },
  });
}

const server = createServer((request, response) => {
  const handled =
    request.url?.startsWith('/interaction/') === true ? signIn(request, response) : running.handle(request, response);
  handled.catch((error: Error) => {
    response.statusCode = 500;
    response.end(error.message);
  });
});
server.listen(settings.port, '127.0.0.1', () => process.send?.({ is: 'ready' }));

process.on('message', (order: ProviderOrder) => {
  void obey(order).then(
    () => process.send?.({ is: 'done', id: order.id }),
    (error: Error) => process.send?.({ is: 'failed', id: order.id, reason: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));

async function obey(order: ProviderOrder): Promise<void> {
  if (order.keys !== undefined) keys = order.keys;
  if (order.people !== undefined) people = order.people;
  if (order.clients !== undefined) clients = order.clients;
  if (order.keys !== undefined || order.clients !== undefined) running = begin();
  if (order.logout === undefined) return;
  const client = await running.provider.Client.find(order.logout.clientId);
  if (client === undefined) throw new Error('no such client');
  await client.backchannelLogout(order.logout.sub, order.logout.sid);
}
