// How long a key that was disabled, deleted, lowered, or whose organization lost its grant or was suspended, is still served by any of three
// replicas: with notifications, with every listening connection cut as soon as it listens, and with notifications that are lost unseen.
import { setTimeout as sleep } from 'node:timers/promises';
import { chat } from './data-plane.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { cutListeners, loseNotices } from './lost-notices.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { type Key, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

/** What the design states: usually, and at worst. */
const TYPICAL_MS_MAX = 1_000;
const WORST_MS_MAX = 5_000;
const MODEL = 'revocable';

/** How something is taken from a key, and what it hears from then on. */
interface Revocation {
  readonly name: string;
  readonly code: string;
  revoke(gateway: Gateway, tenant: Tenant, key: Key): Promise<unknown>;
}

const REVOCATIONS: readonly Revocation[] = [
  {
    name: 'key disabled',
    code: 'key_disabled',
    revoke: (gateway, _, { id }) => gateway.admin('POST', `/keys/${id}/disable`),
  },
  {
    name: 'key deleted',
    code: 'invalid_api_key',
    revoke: (gateway, _, { id }) => gateway.admin('DELETE', `/keys/${id}`),
  },
  {
    name: 'organization suspended',
    code: 'organization_suspended',
    revoke: (gateway, { organizationId }) => gateway.admin('POST', `/organizations/${organizationId}/suspend`),
  },
  {
    name: 'grant removed',
    code: 'model_not_found',
    revoke: (gateway, { organizationId }) =>
      gateway.admin('PUT', `/organizations/${organizationId}/asset-access`, { mode: 'selected', targets: [] }),
  },
  {
    name: 'limit lowered',
    code: 'rate_limit_exceeded',
    revoke: (gateway, _, { id }) => gateway.admin('PATCH', `/keys/${id}`, { rate_limits: { rpd: 1 } }),
  },
];

/** How replicas hear, or do not. */
interface Hearing {
  readonly name: string;
  readonly typicalMsMax: number;
  readonly rounds: number;
  readonly pauseMs: number;
  /** How many at a time: each waits seconds where nobody is told. */
  readonly width: number;
  /** Gives back how to undo it, which says what was done. */
  begin(fleet: Fleet): Promise<() => Promise<string>>;
}

function hearings(quick: boolean): readonly Hearing[] {
  const blocked = { typicalMsMax: WORST_MS_MAX, rounds: quick ? 1 : 20, pauseMs: 25, width: REVOCATIONS.length };
  return [
    {
      name: 'notified',
      // Beside other proves one of three may be late, and that is what is typical of three.
      typicalMsMax: quick ? WORST_MS_MAX : TYPICAL_MS_MAX,
      rounds: quick ? 1 : 20,
      pauseMs: 3,
      width: 1,
      begin: async () => async () => '',
    },
    { name: 'listeners cut', ...blocked, begin: ({ postgres }) => cutListeners(postgres.url) },
    { name: 'notifications lost', ...blocked, begin: ({ postgres }) => loseNotices(postgres.url) },
  ];
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const fleet = await startFleet();
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  try {
    await makeModel(fleet.replicas[0] as Gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
    const heard: Heard[] = [];
    for (const hearing of hearings(quick)) heard.push(await hear(fleet, hearing));
    return {
      holds: heard.every(({ problems }) => problems.length === 0),
      figure: `from the admin's call until each of three replicas refuses: ${heard.map(figureOf).join('; ')}; ${await aged(fleet)}`,
      log: heard.flatMap(linesOf),
      details: heard.flatMap(({ problems }) => problems).slice(0, 20),
    };
  } finally {
    await fleet.stop();
  }
}

interface Trial {
  readonly revocation: Revocation;
  /** By replica; infinite where it did not refuse within twice the bound. */
  readonly refusedAfterMs: readonly number[];
  readonly problems: readonly string[];
}

interface Heard {
  readonly hearing: Hearing;
  readonly trials: readonly Trial[];
  readonly did: string;
  readonly problems: readonly string[];
}

async function hear(fleet: Fleet, hearing: Hearing): Promise<Heard> {
  const end = await hearing.begin(fleet);
  const trials: Trial[] = [];
  for (let round = 0; round < hearing.rounds; round += 1) {
    const left = [...REVOCATIONS];
    const lane = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) trials.push(await tried(fleet, next, hearing));
    };
    await Promise.all(Array.from({ length: hearing.width }, lane));
  }
  const did = await end();
  const times = sorted(trials);
  const late = [
    ...(middle(times) <= hearing.typicalMsMax ? [] : [`${hearing.name}: half of the replicas needed ${seconds(middle(times))}`]),
    ...((times.at(-1) as number) <= WORST_MS_MAX ? [] : [`${hearing.name}: one needed ${seconds(times.at(-1) as number)}`]),
  ];
  return { hearing, trials, did, problems: [...late, ...trials.flatMap(({ problems }) => problems)] };
}

/** A key that every replica knows and serves; then it is taken, at the first replica. */
async function tried(fleet: Fleet, revocation: Revocation, { name, pauseMs, width }: Hearing): Promise<Trial> {
  const [first] = fleet.replicas as [Gateway];
  const tenant = await makeTenant(first, { asset_access: { mode: 'selected', targets: [MODEL], access_groups: [] } });
  const key = await makeKey(first, tenant, { rate_limits: { rpd: 1_000_000 } });
  for (const replica of fleet.replicas) await chat(replica, key.secret, MODEL);
  // Polls have a rhythm of their own; a change falls anywhere into it.
  if (width > 1) await sleep(Math.random() * 2_000);
  const problems: string[] = [];
  const begunMs = performance.now();
  const refusals = fleet.replicas.map(async (replica, index) => {
    const refused = await untilRefused(replica, key, { begunMs, pauseMs });
    if (refused.code !== revocation.code || refused.servedAfter > 0)
      problems.push(`${name}, ${revocation.name}, replica ${index}: ${refused.code}, then served ${refused.servedAfter} times`);
    return refused.afterMs;
  });
  const [refusedAfterMs] = await Promise.all([Promise.all(refusals), revocation.revoke(first, tenant, key)]);
  return { revocation, refusedAfterMs, problems };
}

const CALLS_AFTER = 3;

interface Refused {
  readonly afterMs: number;
  readonly code: string | null;
  /** A refused one must stay refused. */
  readonly servedAfter: number;
}

async function untilRefused(
  replica: Gateway,
  { secret }: Key,
  { begunMs, pauseMs }: { readonly begunMs: number; readonly pauseMs: number },
): Promise<Refused> {
  for (;;) {
    const { status, error } = await chat(replica, secret, MODEL);
    const afterMs = performance.now() - begunMs;
    if (afterMs > 2 * WORST_MS_MAX) return { afterMs: Number.POSITIVE_INFINITY, code: null, servedAfter: 0 };
    if (status !== 200) {
      const again = await Promise.all(Array.from({ length: CALLS_AFTER }, () => chat(replica, secret, MODEL)));
      return { afterMs, code: error?.code ?? null, servedAfter: again.filter((said) => said.status === 200).length };
    }
    await sleep(pauseMs);
  }
}

function figureOf({ hearing, trials, did }: Heard): string {
  const times = sorted(trials);
  const how = did === '' ? '' : ` (${did})`;
  return `${hearing.name}${how} p50 ${seconds(middle(times))}, worst ${seconds(times.at(-1) as number)} of ${times.length}`;
}

function linesOf({ hearing, trials }: Heard): string[] {
  return REVOCATIONS.map((revocation) => {
    const times = sorted(trials.filter((trial) => trial.revocation === revocation));
    return `${hearing.name.padEnd(18)} ${revocation.name.padEnd(22)} p50 ${seconds(middle(times))}, worst ${seconds(times.at(-1) as number)}`;
  });
}

/** What replicas say themselves of how old what they serve may be. */
async function aged({ replicas }: Fleet): Promise<string> {
  const ages = await Promise.all(
    replicas.map(async ({ base }) => {
      const text = await (await fetch(`${base}/metrics`)).text();
      return Number(/^headgate_config_age_seconds (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
    }),
  );
  return `headgate_config_age_seconds at most ${Math.max(...ages).toFixed(1)}`;
}

function sorted(trials: readonly Trial[]): number[] {
  return trials.flatMap(({ refusedAfterMs }) => refusedAfterMs).sort((a, b) => a - b);
}

function middle(times: readonly number[]): number {
  return times[Math.ceil(times.length / 2) - 1] ?? Number.NaN;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 100 ? 3 : 2)} s`;
}
