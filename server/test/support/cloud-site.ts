/** A cloud on this machine: its servers of tokens, and an upstream that answers as it is told. Real sockets, no cloud. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CredentialConfig, CredentialSecret } from '../../src/domain/routing/credential.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { createAzureProvider } from '../../src/providers/azure/azure-provider.ts';
import { createTokens, type Tokens } from '../../src/providers/tokens/tokens.ts';
import { createVertexProvider } from '../../src/providers/vertex/vertex-provider.ts';
import { createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createTransport } from '../../src/upstream/transport.ts';

/** Texts that nobody may read anywhere. */
export const CANARIES = { secret: 'CANARYclientSecret~8Q', token: 'CANARYissuedToken.8Q' } as const;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A service account that is only known here. */
export const SERVICE_ACCOUNT = {
  kind: 'gcp_service_account',
  clientEmail: 'headgate@test.iam.gserviceaccount.com',
  privateKeyId: '0123456789abcdef',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
} as const satisfies CredentialSecret;

export const ENTRA_SECRET = {
  kind: 'azure_entra',
  tenant: '11111111-2222-3333-4444-555555555555',
  clientId: '99999999-8888-7777-6666-555555555555',
  clientSecret: CANARIES.secret,
} as const satisfies CredentialSecret;

/** Returns a credential of Azure or Vertex. */
export function cloudCredential(
  provider: 'azure' | 'vertex',
  kind: NonNullable<CredentialConfig['kind']>,
  more: Partial<CredentialConfig> = {},
): CredentialConfig {
  const secret = kind === 'azure_entra' ? ENTRA_SECRET : kind === 'gcp_service_account' ? SERVICE_ACCOUNT : null;
  const settings = provider === 'vertex' ? { project: 'acme-ai', location: 'europe-west4' } : {};
  return {
    ...{ id: 'cred_1', provider, kind, settings, secret },
    baseUrl: provider === 'azure' ? 'https://acme.openai.azure.com' : null,
    apiKey: kind === 'api_key' ? 'CANARYapiKey8Q' : '',
    ...more,
  };
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (request: SeenRequest, response: ServerResponse) => void;

export interface CloudSite {
  readonly origin: string;
  readonly tokens: Tokens;
  readonly providers: readonly [ReturnType<typeof createAzureProvider>, ReturnType<typeof createVertexProvider>];
  /** Requests for tokens, and requests for answers, in the order of their arrival. */
  readonly asked: SeenRequest[];
  readonly called: SeenRequest[];
  /** The answer to requests for tokens. Default: a token that lasts an hour. */
  issue: Answer;
  /** The answer to all other requests. Default: a chat completion. */
  answer: Answer;
  close(): Promise<void>;
}

/** Opens the site. Its servers of tokens stand in for the clouds' own; credentials need its origin as their base URL. */
export async function openCloudSite(ambientClouds: readonly string[] = ['azure', 'gcp']): Promise<CloudSite> {
  const server = createServer(async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray().catch(() => [])).toString();
    const seen = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body };
    const isOfTokens = isTokenRequest(seen);
    (isOfTokens ? site.asked : site.called).push(seen);
    if (isOfTokens) site.issue(seen, response);
    else site.answer(seen, response);
  });
  server.on('connection', (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1' });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy });
  const tokens = createTokens({
    transport,
    metadataTransport: () => transport,
    ambientClouds: new Set(ambientClouds),
    clock: systemClock,
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms).unref();
      return () => clearTimeout(timer);
    },
    origins: { entra: origin, google: origin, metadata: origin },
  });
  const site: CloudSite = {
    ...{ origin, tokens, asked: [], called: [], issue: issueAnHour, answer: answerChat },
    providers: [createAzureProvider({ transport, tokens }), createVertexProvider({ transport, tokens })],
    close: async () => {
      transport.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return site;
}

function isTokenRequest({ url }: SeenRequest): boolean {
  return (
    url === '/token' || url.endsWith('/oauth2/v2.0/token') || url.startsWith('/metadata/') || url.startsWith('/computeMetadata/')
  );
}

/** Issues a token for an hour to a request that the cloud would accept, and refuses any other as the cloud does. */
export const issueAnHour: Answer = (request, response) => {
  const error = problemOf(request);
  response.setHeader('content-type', 'application/json');
  response.setHeader('metadata-flavor', 'Google');
  if (error !== null) response.writeHead(401).end(JSON.stringify({ error, error_description: `refused: ${request.body}` }));
  else response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: CANARIES.token }));
};

/** Returns why the real server would refuse a request for a token; null if it would not. */
function problemOf({ method, url, headers, body }: SeenRequest): string | null {
  const form = new URLSearchParams(body);
  if (url.startsWith('/metadata/')) return headers.metadata === 'true' && method === 'GET' ? null : 'invalid_request';
  if (url.startsWith('/computeMetadata/'))
    return headers['metadata-flavor'] === 'Google' && method === 'GET' ? null : 'invalid_request';
  if (method !== 'POST' || headers['content-type'] !== 'application/x-www-form-urlencoded') return 'invalid_request';
  if (url === '/token') return assertionProblem(form);
  if (form.get('grant_type') !== 'client_credentials') return 'unsupported_grant_type';
  if (form.get('scope') !== 'https://cognitiveservices.azure.com/.default') return 'invalid_scope';
  const isKnown = form.get('client_id') === ENTRA_SECRET.clientId && form.get('client_secret') === ENTRA_SECRET.clientSecret;
  return isKnown && url.startsWith(`/${ENTRA_SECRET.tenant}/`) ? null : 'invalid_client';
}

function assertionProblem(form: URLSearchParams): string | null {
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return 'unsupported_grant_type';
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${claims}`),
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return 'invalid_grant';
  const head = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
  const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  const nowS = Date.now() / 1_000;
  const isTimely = Number(said.iat) <= nowS && Number(said.exp) > nowS && Number(said.exp) - Number(said.iat) <= 3_600;
  const isRight =
    head.alg === 'RS256' &&
    head.kid === SERVICE_ACCOUNT.privateKeyId &&
    said.iss === SERVICE_ACCOUNT.clientEmail &&
    said.scope === 'https://www.googleapis.com/auth/cloud-platform' &&
    said.aud === 'https://oauth2.googleapis.com/token';
  return isRight && isTimely ? null : 'invalid_grant';
}

const answerChat: Answer = (_request, response) => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 20, completion_tokens: 6, total_tokens: 26 };
  json(response, { id: 'c', object: 'chat.completion', created: 1, model: 'gpt', choices, usage });
};

/** Answers with JSON. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
