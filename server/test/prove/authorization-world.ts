/** Three tenants of three teams, ten people with a session each, one without a role, and fresh objects for calls that use theirs up. */
import { type IdPrefix, newId } from '../../src/lib/id.ts';
import { startHostileIssuer } from '../support/hostile-issuer.ts';
import { makeTenants, type Person, signUp, type TeamPlace } from '../support/tenants.ts';
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

/** Who asks: a role, or somebody who signed in and holds none. */
export type Asker = RoleName | 'nobody';

/** One object of each kind that a list may show, of one team. */
export interface Markers {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly ownKeyId: string;
  readonly serviceAccountId: string;
  readonly memberId: string;
  readonly requestId: string;
  /** The secret of the team's own key. */
  readonly keySecret: string;
}

export interface World {
  readonly gateway: Gateway;
  readonly people: Readonly<Record<Asker, Person>>;
  readonly markers: Readonly<Record<PlaceName, Markers>>;
  /** The markers of all nine teams, each with the place that it is to the ten. */
  readonly everywhere: readonly { readonly place: PlaceName; readonly markers: Markers }[];
  readonly model: string;
  /** The address of an identity provider. */
  readonly issuer: string;
  /** Ends the gateway and the identity provider. */
  stop(): Promise<void>;
  organizationId(place: PlaceName): string;
  teamId(place: PlaceName): string;
  /** With the platform's admin token. Throws when it is not 2xx. */
  root<T = { id: string }>(method: string, path: string, body?: unknown): Promise<T>;
  /** With the session of a role; `signal` ends a stream. */
  ask(role: Asker, call: Call): Promise<Said>;
  /** A name that nothing has yet. */
  fresh(): string;
}

/** Streams never end by themselves; this much of one is read. */
const STREAM_MS = 400;

/** Limits and a budget on every level, so that each has use and spend to show. */
const POLICY = {
  rate_limits: { rpm: 100_000 },
  budgets: [{ amount: '7777.00', period: 'month', anchor_day: 1, thresholds: [80], action: 'block' }],
};

const PRICES = { input_per_million: '100', output_per_million: '1000' };

export async function openWorld(): Promise<World> {
  // Configurations of identity providers are read from the provider when they are saved.
  const issuer = await startHostileIssuer();
  const gateway = await startGateway({ env: { HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1' } });
  let made = 0;
  const fresh = () => {
    made += 1;
    return `thing-${made}`;
  };
  const root: World['root'] = (method, path, body) => gateway.admin(method, path, body);
  const model = 'shared';
  await root('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-large', mode: 'chat', prices: PRICES });
  const tenants = await makeTenants(root, { organization: POLICY, team: POLICY, key: POLICY });
  const [mine, other] = tenants;
  const places: Readonly<Record<PlaceName, TeamPlace>> = { own: mine.teams[0], team: mine.teams[1], other: other.teams[0] };
  const people = {} as Record<Asker, Person>;
  for (const role of ROLES) {
    people[role] = await signUp({ base: gateway.base, root }, role, places.own);
    // Some calls are made in an organization of their own, which admits them once their address is proved.
    await root('POST', `/accounts/${people[role].accountId}/vouch`, { reason: 'made by this table' });
  }
  people.nobody = await signUpNobody(gateway, root, places.other);
  const everywhere: { place: PlaceName; markers: Markers }[] = [];
  for (const team of tenants.flatMap(({ teams }) => teams)) {
    const place = team === places.own ? 'own' : team.organizationId === mine.organizationId ? 'team' : 'other';
    everywhere.push({ place, markers: await markersOf(gateway, team, model) });
  }
  const at = (place: PlaceName) => everywhere.find((one) => one.place === place)?.markers as Markers;
  return {
    gateway,
    people,
    model,
    issuer: issuer.issuer,
    stop: async () => {
      await gateway.stop();
      await issuer.close();
    },
    everywhere,
    markers: { own: at('own'), team: at('team'), other: at('other') },
    organizationId: (place) => places[place].organizationId,
    teamId: (place) => places[place].teamId,
    root,
    fresh,
    ask: (role, call) => ask(gateway.base, people[role].cookie, call),
  };
}

/** Somebody who was a member somewhere and is none any more. */
async function signUpNobody(gateway: Gateway, root: World['root'], place: TeamPlace): Promise<Person> {
  const person = await signUp({ base: gateway.base, root }, 'org_member', place);
  const path = `/organizations/${place.organizationId}/members`;
  const { data } = await root<{ data: { id: string; account_id: string }[] }>('GET', `${path}?search=${person.email}`);
  await root('DELETE', `${path}/${data[0]?.id}`);
  return person;
}

async function markersOf(gateway: Gateway, team: TeamPlace, model: string): Promise<Markers> {
  const said = await chat(gateway, team.key.secret, model);
  return {
    organizationId: team.organizationId,
    teamId: team.teamId,
    keyId: team.key.id,
    ownKeyId: team.developer.key.id,
    serviceAccountId: team.serviceAccountId,
    memberId: team.developer.memberId,
    requestId: said.headers.get('x-request-id') ?? '',
    keySecret: team.key.secret,
  };
}

/** The same call, of objects that nobody has: every id of a tenant's things is exchanged for one that was never given. */
export function ofNothing({ method, path, body }: Call): Call {
  const given = new Map<string, string>();
  const exchange = (text: string) =>
    text.replaceAll(
      /\b(org|team|mem|key|svc|adm|inv|hook|dlv|acct|req|mail|rule|evt|view|cred|dep)_[0-9a-f]{32}\b/g,
      (id, prefix: string) => {
        const known = given.get(id) ?? newId(prefix as IdPrefix);
        given.set(id, known);
        return known;
      },
    );
  return { method, path: exchange(path), ...(body === undefined ? {} : { body: JSON.parse(exchange(JSON.stringify(body))) }) };
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
