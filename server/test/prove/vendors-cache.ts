/**
 * The exact cache over a gateway. One tenant's cached answer is nothing to another: no hit, and no time by which it could be told.
 * Hits cost nothing, and end when they must.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult, unmet } from './prove.ts';
import { startSmallProvider } from './small-provider.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const PAIRS = { full: 3_000, quick: 250 };
/** The score of a rank test that chance exceeds in one of 1,000 runs. Hits, which need no provider, must exceed it by far. */
const SCORE_MAX = 3.3;
const SCORE_OF_HIT_MIN = 6;

interface Asked {
  readonly cache: string | null;
  readonly cost: string | null;
  readonly ms: number;
  readonly text: string;
}

interface Site {
  readonly gateway: Gateway;
  readonly tenants: readonly (Tenant & { readonly key: Key })[];
}

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  const provider = await startSmallProvider();
  const gateway = await startGateway();
  try {
    const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
    await makeModel(gateway, { model: 'fast', provider: 'openai', upstreamModel: 'a', credentialId });
    await gateway.admin('PATCH', '/models/fast', { cache_seconds: 3_600 });
    const tenants = [];
    for (const scope of ['organization', 'organization', 'off']) {
      const tenant = await makeTenant(gateway, { cache_scope: scope });
      tenants.push({ ...tenant, key: await makeKey(gateway, tenant) });
    }
    const site = { gateway, tenants };
    doing?.('who gets an answer again');
    const walls = await wallsOf(site);
    doing?.('times');
    const times = await timesOf(site, quick ? PAIRS.quick : PAIRS.full);
    return allOf([walls, times]);
  } finally {
    await gateway.kill();
    await provider.stop();
  }
}

async function ask({ gateway, tenants }: Site, tenant: number, content: string, secret?: string): Promise<Asked> {
  const began = performance.now();
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret ?? tenants[tenant]?.key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', max_tokens: 20, messages: [{ role: 'user', content }] }),
  });
  const text = await response.text();
  const ms = performance.now() - began;
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return { cache: response.headers.get('x-headgate-cache'), cost: response.headers.get('x-headgate-cost'), ms, text };
}

/** Each question with the answer of the cache that it must get. */
async function wallsOf(site: Site): Promise<ProveResult> {
  const { gateway, tenants } = site;
  const [first, second] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];
  const other = await makeKey(gateway, first);
  const wrong: string[] = [];
  let asked = 0;
  const expectCache = async (what: string, answer: Asked, cache: string | null) => {
    asked += 1;
    const isFree = cache !== 'hit' || Number(answer.cost) === 0;
    if (answer.cache !== cache || !isFree) wrong.push(`${what}: ${answer.cache} for ${answer.cost}, not ${cache}`);
  };
  await expectCache('a first question', await ask(site, 0, 'one body'), 'miss');
  await expectCache('the same question', await ask(site, 0, 'one body'), 'hit');
  await expectCache('another key of the organization', await ask(site, 0, 'one body', other.secret), 'hit');
  await expectCache('another tenant', await ask(site, 1, 'one body'), 'miss');
  await expectCache('a tenant without a cache', await ask(site, 2, 'one body'), null);
  await gateway.admin('PATCH', `/organizations/${first.organizationId}`, { cache_scope: 'key' });
  await expectCache('the scope of a key', await ask(site, 0, 'one body'), 'miss');
  await expectCache('another key, in the scope of a key', await ask(site, 0, 'one body', other.secret), 'miss');
  await gateway.admin('PATCH', `/organizations/${first.organizationId}`, { cache_scope: 'organization' });
  await expectCache('the scope from before', await ask(site, 0, 'one body'), 'hit');
  await gateway.admin('DELETE', `/organizations/${first.organizationId}/cache`);
  await expectCache('after the cache was forgotten', await ask(site, 0, 'one body'), 'miss');
  await expectCache('another tenant after that', await ask(site, 1, 'one body'), 'hit');
  await gateway.admin('PATCH', '/models/fast', { cache_seconds: 1 });
  await sleep(1_100);
  await expectCache('an answer that is too old', await ask(site, 0, 'one body'), 'miss');
  await gateway.admin('PATCH', '/models/fast', { cache_seconds: null });
  await expectCache('a name that is not cached', await ask(site, 0, 'one body'), null);
  await gateway.admin('PATCH', '/models/fast', { cache_seconds: 3_600 });
  await gateway.admin('PATCH', `/organizations/${second.organizationId}`, { cache_scope: 'off' });
  await expectCache('an organization that turned it off', await ask(site, 1, 'one body'), null);
  await gateway.admin('PATCH', `/organizations/${second.organizationId}`, { cache_scope: 'organization' });
  return {
    holds: wrong.length === 0,
    figure: `${asked} questions of 3 tenants: ${wrong.length} answered otherwise than the rules say`,
    details: wrong,
  };
}

/**
 * Compares the times of one tenant's questions that another tenant has cached with those that nobody has asked, in pairs and in an
 * order that changes. Beside them, the times of hits, which must be told apart: else the comparison could not tell anything.
 */
async function timesOf(site: Site, pairs: number): Promise<ProveResult> {
  const [known, unknown, hits]: [number[], number[], number[]] = [[], [], []];
  let wrong = 0;
  const timed = async (into: number[], tenant: number, content: string, cache: string) => {
    const answer = await ask(site, tenant, content);
    if (answer.cache !== cache) wrong += 1;
    into.push(answer.ms);
  };
  for (let pair = 0; pair < pairs; pair += 1) {
    const [theirs, nobodys] = [`${pair} of theirs`, `${pair} nobodys`];
    await ask(site, 0, theirs);
    const steps = [() => timed(known, 1, theirs, 'miss'), () => timed(unknown, 1, nobodys, 'miss')];
    for (const step of pair % 2 === 0 ? steps : steps.reverse()) await step();
    await timed(hits, 0, theirs, 'hit');
  }
  const [score, scoreOfHits] = [rankScore(known, unknown), rankScore(hits, unknown)];
  const words = `${(median(known) / median(unknown)).toFixed(3)} (ranks: ${score.toFixed(2)} standard deviations, at most ${SCORE_MAX})`;
  const details = unmet({
    'no hit of another’s answer': wrong === 0,
    [`the times differ by at most ${SCORE_MAX} standard deviations`]: Math.abs(score) <= SCORE_MAX,
    [`hits differ by at least ${SCORE_OF_HIT_MIN}, so that a difference would show`]: Math.abs(scoreOfHits) >= SCORE_OF_HIT_MIN,
  });
  return {
    holds: details.length === 0,
    details,
    figure: `one body of two tenants, ${pairs} pairs: ${wrong} hits of another’s answer; time of what another has cached ÷ of what nobody has = ${words}; hits, which may be told: ${(median(hits) / median(unknown)).toFixed(3)} (${scoreOfHits.toFixed(1)})`,
  };
}

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;

/** The statistic of Mann and Whitney for two samples, in standard deviations from what equal ones have. */
function rankScore(one: readonly number[], other: readonly number[]): number {
  const all = [...one.map((ms) => ({ ms, isOne: true })), ...other.map((ms) => ({ ms, isOne: false }))].sort(
    (a, b) => a.ms - b.ms,
  );
  const ranks = all.reduce((sum, { isOne }, at) => sum + (isOne ? at + 1 : 0), 0);
  const u = ranks - (one.length * (one.length + 1)) / 2;
  const mean = (one.length * other.length) / 2;
  return (u - mean) / Math.sqrt((mean * (one.length + other.length + 1)) / 6);
}
