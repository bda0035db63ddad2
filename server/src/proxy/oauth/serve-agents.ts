/** Serves the paths of programs that log in. None of them is admitted, held or charged. */
import type { GatewayRequest, Reply } from '../../http/request-reply.ts';
import { whole } from '../../lib/pieces.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import { authenticate, callerOf } from '../authenticate.ts';
import type { Gateway } from '../gateway.ts';
import { Refusal, renderRefusal, serviceUnavailable } from '../refusal.ts';
import { asRefusal, tellDefect } from '../refuse.ts';
import type { AgentEndpoints } from './agent-endpoints.ts';
import type { GrantAnswer } from './grant.ts';
import { loginUsage } from './login-usage.ts';
import { oauthError } from './oauth-error.ts';
import { readFields } from './read-fields.ts';

/** The paths, and what answers each. */
const AGENT_PATHS = {
  '/.well-known/oauth-authorization-server': 'metadata',
  '/v1/oauth/device': 'device',
  '/v1/oauth/token': 'token',
  '/v1/oauth/revoke': 'revoke',
  '/managed/settings': 'settings',
  '/api/oauth/usage': 'usage',
  '/v1/metrics': 'telemetry',
  '/v1/logs': 'telemetry',
  '/v1/traces': 'telemetry',
} as const;
export type AgentPath = (typeof AGENT_PATHS)[keyof typeof AGENT_PATHS];

/** Returns what answers a path; null for any other path. */
export function agentPathOf(path: string): AgentPath | null {
  return Object.hasOwn(AGENT_PATHS, path) ? AGENT_PATHS[path as keyof typeof AGENT_PATHS] : null;
}

/** Reports whether a request has a body that its endpoint reads. */
export function hasOAuthBody({ method, path }: Pick<GatewayRequest, 'method' | 'path'>): boolean {
  if (method !== 'POST') return false;
  const agent = agentPathOf(path);
  return agent === 'device' || agent === 'token' || agent === 'revoke';
}

/** Answers a request at one of the paths. Never throws or rejects. */
export async function serveAgent(agent: AgentPath, request: GatewayRequest, reply: Reply, gateway: Gateway): Promise<void> {
  const id = gateway.requestId();
  try {
    say(reply, id, await answerOf(agent, request, gateway));
  } catch (error) {
    try {
      say(reply, id, failureOf(agent, error, id, gateway));
    } catch (defect) {
      tellDefect(defect, id, gateway);
      reply.destroy();
    }
  }
}

interface Said {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const JSON_TYPE = ['content-type', 'application/json'] as const;
const GET = ['GET'];
const POST = ['POST'];
const METHODS: Readonly<Record<AgentPath, readonly string[]>> = {
  ...{ metadata: GET, settings: GET, usage: GET },
  ...{ device: POST, token: POST, revoke: POST, telemetry: POST },
};

async function answerOf(agent: AgentPath, request: GatewayRequest, gateway: Gateway): Promise<Said> {
  const { agents } = gateway;
  if (!METHODS[agent].includes(request.method))
    throw new Refusal('method_not_allowed', `This path supports only ${METHODS[agent].join(' and ')}.`);
  // The bodies are dropped unread: a client that logs an error at each of its flushes helps nobody.
  if (agent === 'telemetry') return { status: 200, headers: JSON_TYPE, body: Buffer.from('{}') };
  if (agents === null) throw new Refusal('not_found', 'This process serves no logins.');
  switch (agent) {
    case 'metadata':
      return metadata(agents);
    case 'settings':
    case 'usage':
      return ownAnswer(agent, request, gateway, agents);
    default:
      return fromGrant(await oauth(agent, request, agents));
  }
}

const NO_PUBLIC_URL = 'Set HEADGATE_PUBLIC_URL: programs that log in send people to it.';

function metadata({ publicUrl, grantTypes }: AgentEndpoints): Said {
  if (publicUrl === null) throw new Refusal('not_found', NO_PUBLIC_URL);
  return json(200, {
    issuer: publicUrl,
    device_authorization_endpoint: `${publicUrl}/v1/oauth/device`,
    token_endpoint: `${publicUrl}/v1/oauth/token`,
    revocation_endpoint: `${publicUrl}/v1/oauth/revoke`,
    grant_types_supported: grantTypes,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
  });
}

async function oauth(
  agent: 'device' | 'token' | 'revoke',
  request: GatewayRequest,
  agents: AgentEndpoints,
): Promise<GrantAnswer> {
  if (agents.publicUrl === null) return oauthError('temporarily_unavailable', NO_PUBLIC_URL);
  const encoding = request.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    return oauthError('invalid_request', 'Compressed bodies are not supported. Send the body without `content-encoding`.');
  const fields = readFields(whole(request.body), request.header('content-type'));
  if (typeof fields === 'string') return oauthError('invalid_request', fields);
  return agents[agent](fields, { ip: agents.addressOf(request), origin: agents.publicUrl });
}

/** Answers what only the bearer of a token may read, about its own login or key. */
async function ownAnswer(
  agent: 'settings' | 'usage',
  request: GatewayRequest,
  gateway: Gateway,
  agents: AgentEndpoints,
): Promise<Said> {
  const { key, refusal } = await authenticate(request, gateway);
  if (refusal !== null) throw refusal;
  const caller = callerOf(key);
  if (agent === 'usage') return json(200, await usage(caller, gateway));
  const policy = await agents.managedPolicy({ organizationId: caller.organization.id, teamId: caller.team.id });
  if (policy === null) throw new Refusal('not_found', 'No managed settings are set for your organization or team.');
  const etag = `"${policy.checksum}"`;
  const asked = request.header('if-none-match');
  if (asked === etag) return { status: 304, headers: ['etag', etag], body: Buffer.alloc(0) };
  const said = json(200, policy);
  return { ...said, headers: [...said.headers, 'etag', etag] };
}

async function usage(caller: ReturnType<typeof callerOf>, { counters, clock }: Gateway): Promise<object> {
  try {
    return await loginUsage(caller, counters, clock.nowMs());
  } catch {
    throw serviceUnavailable('The use of your budgets cannot be read right now. Try again in a moment.');
  }
}

function fromGrant({ status, body, headers = [] }: GrantAnswer): Said {
  const said = json(status, body);
  return { ...said, headers: [...said.headers, ...headers, 'pragma', 'no-cache'] };
}

function json(status: number, value: object): Said {
  return { status, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(value)) };
}

/** Returns the answer to an error, in the form of the path: of OAuth, or of Anthropic's API. */
function failureOf(agent: AgentPath, error: unknown, id: string, gateway: Gateway): Said {
  const isOAuth = agent === 'device' || agent === 'token' || agent === 'revoke';
  if (isOAuth && !(error instanceof Refusal)) {
    if (isStoreUnavailable(error))
      return fromGrant(oauthError('temporarily_unavailable', 'The database cannot be reached. Try again in a moment.'));
    tellDefect(error, id, gateway);
    return fromGrant(
      oauthError('server_error', 'The gateway failed because of a bug. Its log has the details under the request id.'),
    );
  }
  const refusal = isStoreUnavailable(error)
    ? serviceUnavailable('The database cannot be reached. Try again in a moment.')
    : asRefusal(error, id, gateway);
  const more = refusal.code === 'method_not_allowed' ? ['allow', METHODS[agent].join(', ')] : [];
  const { status, headers, body } = renderRefusal(refusal, isOAuth ? 'openai' : 'anthropic', id, null);
  // The length is added with the others.
  const kept = headers.filter((_, at) => headers[at - (at % 2)] !== 'content-length');
  return { status, headers: [...kept, ...more], body };
}

function say(reply: Reply, id: string, { status, headers, body }: Said): void {
  const all = [...headers, 'cache-control', 'no-store', 'x-request-id', id, 'request-id', id];
  reply.head(status, status === 304 ? all : [...all, 'content-length', String(body.length)]);
  reply.end(body.length === 0 ? null : body);
}
