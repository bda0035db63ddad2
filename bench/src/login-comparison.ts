/** The comparison of a call with the access token of a login and one with a key: the same gateway, the same limits. */
import { loginByDevice } from '../../server/test/logins/site.ts';
import { freePort } from '../../server/test/support/ports.ts';
import { startPostgres } from '../../server/test/support/postgres.ts';
import { signUp } from '../../server/test/support/tenants.ts';
import { type Costs, compare, type Rounds } from './compare.ts';
import { type Headgate, limits, startHeadgate } from './headgate.ts';
import { jsonCostAt } from './measure.ts';
import { geometricMean } from './ratios.ts';
import { bookedTarget, type Target } from './target.ts';

const PER_SECOND = 2_000;
const RATIO_MAX = 1.03;
const KINDS = ['login', 'key'] as const;
type Kind = (typeof KINDS)[number];

/** Prints the ratio of the two costs. Returns true if its median is within the bar. */
export async function runLoginComparison(
  upstreams: { readonly json: number; readonly stream: number },
  { seconds, ...rounds }: Rounds & { readonly seconds: number },
): Promise<boolean> {
  const found = await compare(
    ['json'] as const,
    rounds,
    async () => {
      const turns = [await turn(upstreams, KINDS, seconds), await turn(upstreams, KINDS.toReversed(), seconds)];
      const costs: Costs<'json'> = new Map([
        ['json', KINDS.map((kind) => geometricMean(turns.map((costsOf) => costsOf.get(kind) as number)))],
      ]);
      return costs;
    },
    (_, round, ratios) => console.error(`login ÷ key, round ${round}: ${ratios.map((ratio) => ratio.toFixed(3)).join(', ')}`),
  );
  const { us, others } = found.get('json') ?? { us: Number.NaN, others: [] };
  const [other] = others;
  if (other === undefined) return false;
  const { median, low, high, rounds: made } = other.ratio;
  const holds = median <= RATIO_MAX;
  const words = `${median.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)}; ${made} rounds)`;
  console.log(
    `JSON request, login ÷ key: ${us.toFixed(1)} µs ÷ ${other.us.toFixed(1)} µs = ${words} | ≤ ${RATIO_MAX} | ${holds ? 'holds' : 'MISSED'}`,
  );
  return holds;
}

/** Measures one turn: a new process for each kind, in this order, both under load at once. */
async function turn(
  upstreams: { readonly json: number; readonly stream: number },
  order: readonly Kind[],
  seconds: number,
): Promise<ReadonlyMap<Kind, number>> {
  const opened: { stop(): Promise<unknown> }[] = [];
  try {
    const targets: (readonly [Kind, Target])[] = [];
    for (const kind of order) targets.push([kind, await targetOf(kind, upstreams, opened)]);
    const cost = (forSeconds: number) =>
      Promise.all(targets.map(async ([kind, target]) => [kind, (await jsonCostAt(target, PER_SECOND, forSeconds)).us] as const));
    // Exclude the first seconds, in which the compiler is still optimizing.
    await cost(Math.min(seconds, 3));
    return new Map(await cost(seconds));
  } finally {
    for (const one of opened.reverse()) await one.stop();
  }
}

async function targetOf(
  kind: Kind,
  upstreams: { readonly json: number; readonly stream: number },
  opened: { stop(): Promise<unknown> }[],
): Promise<Target> {
  const postgres = await startPostgres();
  if (postgres === null) throw new Error('missing: PostgreSQL. On Debian: apt-get install postgresql');
  opened.push(postgres);
  const port = String(await freePort());
  const env = { HEADGATE_PORT: port, HEADGATE_PUBLIC_URL: `http://127.0.0.1:${port}` };
  const headgate = await startHeadgate(upstreams, postgres.url, { env });
  opened.push(headgate.gateway);
  if (kind === 'key') return bookedTarget(kind, headgate, headgate.governed);
  const { to, settled } = headgate.governed;
  const headers = { authorization: `Bearer ${await tokenWithLimits(headgate)}` };
  return bookedTarget(kind, headgate, { to: { ...to, headers }, settled });
}

/** Logs a person in who has the limits of the key's owner, and gives the login the limits of the key. */
async function tokenWithLimits({ gateway, governed: { tenant } }: Headgate): Promise<string> {
  await gateway.admin('PATCH', `/teams/${tenant.teamId}`, { self_service: { enabled: true } });
  const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', tenant);
  const members = `/organizations/${tenant.organizationId}/members`;
  const { data } = await gateway.admin<{ data: { id: string; account_id: string }[] }>('GET', `${members}?limit=200`);
  const member = data.find(({ account_id }) => account_id === person.accountId);
  await gateway.admin('PATCH', `${members}/${member?.id}`, limits);
  const tokens = await loginByDevice(gateway, person, tenant.teamId);
  await gateway.admin('PATCH', `/keys/${tokens.key_id}`, limits);
  return tokens.access_token;
}
