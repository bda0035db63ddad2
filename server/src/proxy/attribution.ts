import {
  type Attribution,
  type Client,
  clientOf,
  endUserOfMetadata,
  NAME_CHARS_MAX,
  nameIn,
} from '../domain/usage/attribution.ts';
import type { GatewayRequest } from '../http/request-reply.ts';
import type { Gateway } from './gateway.ts';
import { sessionOf } from './session.ts';
import type { Walk } from './walk.ts';

/** The header by which a caller names the end user that it serves. */
const END_USER_HEADER = 'x-headgate-end-user';
/** The header by which Open WebUI names its user. */
const OPEN_WEBUI_HEADER = 'x-openwebui-user-id';

const NOBODY: Attribution = Object.freeze({ endUser: null, session: null, client: null });

/** Returns what a request of a known key says about its origin. Read once for each request; one shared object if it says nothing. */
export function attributionOf(walk: Walk, gateway: Pick<Gateway, 'pseudonym'>): Attribution {
  walk.attribution ??= read(walk, gateway);
  return walk.attribution;
}

function read({ request, asked, key }: Walk, { pseudonym }: Pick<Gateway, 'pseudonym'>): Attribution {
  const client = knownClient(request);
  const body = asked?.body ?? null;
  const organization = key?.config.organizationId ?? '';
  const mode = key?.holder.config?.endUsers ?? 'hashed';
  // A client may put a person into its session, so what is stored of people is also stored of sessions.
  const session = mode === 'off' ? null : sessionOf(request, body);
  const user = mode === 'off' ? null : endUserOf(request, body);
  if (client === null && session === null && user === null) return NOBODY;
  const stored = (name: string) => (mode === 'hashed' || name.length > NAME_CHARS_MAX ? pseudonym(organization, name) : name);
  return {
    endUser: user === null ? null : stored(user),
    session: session === null ? null : stored(session),
    client,
  };
}

/** Reports whether a request names its end user, also where the organization stores none. */
export function namesEndUser({ request, asked }: Pick<Walk, 'request' | 'asked'>): boolean {
  return endUserOf(request, asked?.body ?? null) !== null;
}

function endUserOf(request: GatewayRequest, body: Readonly<Record<string, unknown>> | null): string | null {
  const named = nameIn(inHeader(request.header(END_USER_HEADER)));
  if (named !== null) return named;
  if (body !== null) {
    const inBody = nameIn(body.safety_identifier) ?? nameIn(body.user) ?? endUserOfMetadata(userIdOf(body.metadata));
    if (inBody !== null) return inBody;
  }
  return nameIn(inHeader(request.header(OPEN_WEBUI_HEADER)));
}

function userIdOf(metadata: unknown): unknown {
  return typeof metadata === 'object' && metadata !== null ? (metadata as { readonly user_id?: unknown }).user_id : undefined;
}

const BEYOND_ASCII = /[\u0080-\u00ff]/;

/** Returns a header's value as text. Both readers of HTTP pass on one character for each byte, and clients send UTF-8. */
function inHeader(value: string | undefined): string | undefined {
  if (value === undefined || !BEYOND_ASCII.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? value : text;
}

/** The clients of user agents that were seen. Few are in use at a time, and a look-up costs less than twenty comparisons. */
const clients = new Map<string, Client | null>();
const CLIENTS_KEPT_MAX = 1_000;

function knownClient(request: GatewayRequest): Client | null {
  if (request.path.startsWith('/cursor/')) return 'cursor';
  const userAgent = request.header('user-agent');
  if (userAgent === undefined || userAgent === '') return null;
  const known = clients.get(userAgent);
  if (known !== undefined) return known;
  const client = clientOf(userAgent);
  if (clients.size >= CLIENTS_KEPT_MAX) clients.clear();
  clients.set(userAgent, client);
  return client;
}
