/** Two organizations, ten people with a session each, and fresh objects for calls that use theirs up. */
import { type PlaceName, ROLES, type RoleName } from './authorization-table.ts';
import { chat } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';

/** What was answered. `text` for lists and streams, which are not one JSON value. */
export interface Said {
  readonly status: number;
  readonly text: string;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

interface Person {
  readonly accountId: string;
  readonly cookie: string;
  readonly email: string;
}

/** One object of each kind that a list may show, in each place. */
export interface Markers {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly serviceAccountId: string;
  readonly requestId: string;
}

export interface World {
  readonly gateway: Gateway;
  readonly people: Readonly<Record<RoleName, Person>>;
  readonly markers: Readonly<Record<PlaceName, Markers>>;
  readonly model: string;
  organizationId(place: PlaceName): string;
  teamId(place: PlaceName): string;
  /** With the platform's admin token. Throws when it is not 2xx. */
  root<T = { id: string }>(method: string, path: string, body?: unknown): Promise<T>;
  /** With the session of a role; `signal` ends a stream. */
  ask(role: RoleName, call: Call): Promise<Said>;
  /** A name that nothing has yet. */
  fresh(): string;
}

const PASSWORD = 'correct horse battery 7';
/** Streams never end by themselves; this much of one is read. */
const STREAM_MS = 400;

export async function openWorld(): Promise<World> {
  const gateway = await startGateway();
  let made = 0;
  const fresh = () => {
    made += 1;
    return `thing-${made}`;
  };
  const root: World['root'] = (method, path, body) => gateway.admin(method, path, body);
  const model = 'shared';
  await root('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' });
  const mine = await organization(root, 'mine');
  const other = await organization(root, 'other');
  const teams = { own: await team(root, mine), team: await team(root, mine), other: await team(root, other) };
  const people = {} as Record<RoleName, Person>;
  for (const role of ROLES) people[role] = await signUp(gateway, role, mine, teams.own);
  const places = { own: mine, team: mine, other };
  const world = {
    gateway,
    people,
    model,
    organizationId: (place: PlaceName) => places[place],
    teamId: (place: PlaceName) => teams[place],
    root,
    fresh,
    ask: (role: RoleName, call: Call) => ask(gateway.base, people[role].cookie, call),
  };
  const markers = {} as Record<PlaceName, Markers>;
  for (const place of ['own', 'team', 'other'] as const) markers[place] = await markersAt(world, place);
  return { ...world, markers };
}

async function organization(root: World['root'], slug: string): Promise<string> {
  const body = { slug, name: slug, asset_access: { mode: 'all', targets: [], access_groups: [] } };
  return (await root('POST', '/organizations', body)).id;
}

async function team(root: World['root'], organizationId: string): Promise<string> {
  const self_service = { enabled: true, max_keys_per_member: 1_000 };
  return (await root('POST', `/organizations/${organizationId}/teams`, { name: 'Marker', self_service })).id;
}

/** An invitation accepted. */
async function signUp(gateway: Gateway, role: RoleName, organizationId: string, teamId: string): Promise<Person> {
  const email = `${role.replace('_', '.')}@headgate.test`;
  const invitation = await gateway.admin<{ link: string }>('POST', '/invitations', {
    email,
    ...placeOf(role, organizationId, teamId),
  });
  const token = new URL(invitation.link).searchParams.get('token');
  const response = await fetch(`${gateway.base}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gateway.base },
    body: JSON.stringify({ token, name: role.replace('_', ' '), password: PASSWORD }),
  });
  const cookie = response.headers
    .getSetCookie()
    .find((one) => one.startsWith('headgate_session='))
    ?.split(';')[0];
  if (!response.ok || cookie === undefined)
    throw new Error(`${role} cannot come in: ${response.status} ${await response.text()}`);
  const session = await ask(gateway.base, cookie, { method: 'GET', path: '/session' });
  const { account } = JSON.parse(session.text) as { account: { id: string } };
  // Some calls are made in an organization of their own, which admits them once their address is proved.
  await gateway.admin('POST', `/accounts/${account.id}/vouch`, { reason: 'made by this table' });
  return { accountId: account.id, cookie, email };
}

function placeOf(role: RoleName, organizationId: string, teamId: string) {
  if (role.startsWith('platform_')) return { organization_id: null, role };
  if (!role.startsWith('team_')) return { organization_id: organizationId, role };
  return { organization_id: organizationId, role: 'org_member', teams: [{ team_id: teamId, role }] };
}

async function markersAt(world: Omit<World, 'markers'>, place: PlaceName): Promise<Markers> {
  const teamId = world.teamId(place);
  const service = await world.root('POST', `/teams/${teamId}/service-accounts`, { name: world.fresh() });
  const key = await world.root<{ id: string; secret: string }>('POST', '/keys', {
    team_id: teamId,
    name: world.fresh(),
    owner: { service_account_id: service.id },
  });
  const said = await chat(world.gateway, key.secret, world.model);
  const requestId = said.headers.get('x-request-id') ?? '';
  return { organizationId: world.organizationId(place), teamId, keyId: key.id, serviceAccountId: service.id, requestId };
}

async function ask(base: string, cookie: string, { method, path, body }: Call): Promise<Said> {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { cookie, origin: base, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    return { status: response.status, text: await beginningOf(response) };
  }
  return { status: response.status, text: await response.text() };
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  const stop = setTimeout(() => void reader.cancel(), STREAM_MS);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  clearTimeout(stop);
  return text;
}
