// Workloads with tokens of their own platform: an SDK as it is, hostile tokens, an issuer that is down, and what a token costs.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { Pool } from 'undici';
import { jsonAnswerBody } from '../../../bench/src/exchange.ts';
import { cpuMs } from '../../../bench/src/machine.ts';
import { type Estimate, estimate } from '../../../bench/src/ratios.ts';
import { newKeySecret } from '../../src/lib/secrets.ts';
import { startIssuer, type TokenIssuer } from '../support/token-issuer.ts';
import { hostileTokens } from '../workload/hostile-tokens.ts';
import { BEARER, exchange, PUBLIC_URL, slugOf, TRUST_SETTINGS, trust } from '../workload/trusting.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult, unmet } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const HOSTILE_MIN = 24;
/** The most that a request with a cached token may cost, relative to one with a key's secret. */
const RATIO_MAX = 1.05;
const WIDTH_MAX = 0.04;
const AT_ONCE = 16;

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const issuer = await startIssuer();
  const vendor = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(jsonAnswerBody));
  });
  vendor.listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  const gateway = await startGateway({ env: { ...TRUST_SETTINGS, HEADGATE_ALLOWED_UPSTREAMS: '127.0.0.1' } });
  try {
    const credentialId = await makeCredential(gateway, 'openai', `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/v1`);
    await makeModel(gateway, { model: 'fast', provider: 'openai', upstreamModel: 'up', credentialId });
    await makeModel(gateway, { model: 'words', provider: 'fake', upstreamModel: 'fake-small' });
    const tenant = await makeTenant(gateway);
    const site: Site = { gateway, issuer, tenant };
    doing('Anthropic’s SDK');
    const checks = [await sdk(site)];
    doing('hostile tokens');
    checks.push(await hostile(site));
    doing('an issuer that is down');
    checks.push(await unreachable(site));
    doing('the CPU of tokens and keys');
    checks.push(await cost(site, quick));
    doing('a flood of one refused token');
    checks.push(await flood(site, quick));
    return allOf(checks);
  } finally {
    await gateway.stop();
    vendor.closeAllConnections();
    vendor.close();
    await issuer.close();
  }
}

interface Site {
  readonly gateway: Gateway;
  readonly issuer: TokenIssuer;
  readonly tenant: Tenant;
}

async function claimsOf({ gateway, tenant }: Site) {
  return { aud: `${PUBLIC_URL}/trust/${await slugOf(gateway, tenant)}`, sub: 'job', repository_id: '42' };
}

async function sdk(site: Site): Promise<ProveResult> {
  const { gateway, issuer, tenant } = site;
  const { ruleId } = await trust(gateway, tenant, issuer);
  const file = path.join(temporaryDirectory(), 'token');
  writeFileSync(file, await issuer.sign(await claimsOf(site)));
  Object.assign(process.env, {
    ANTHROPIC_FEDERATION_RULE_ID: ruleId,
    ANTHROPIC_ORGANIZATION_ID: tenant.organizationId,
    ANTHROPIC_IDENTITY_TOKEN_FILE: file,
  });
  const client = new Anthropic({ baseURL: gateway.base, maxRetries: 0 });
  const answers = [];
  for (let call = 0; call < 3; call += 1)
    answers.push(await client.messages.create({ model: 'words', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }));
  const holds = answers.every(({ role, usage }) => role === 'assistant' && usage.output_tokens > 0);
  return { holds, figure: `Anthropic’s SDK unmodified: ${answers.length} of 3 calls answered after an exchange` };
}

/** The hostile tokens alone, at a gateway of their own. */
export async function hostileTokensAtGateway(): Promise<ProveResult> {
  const issuer = await startIssuer();
  const gateway = await startGateway({ env: TRUST_SETTINGS });
  try {
    await makeModel(gateway, { model: 'fast', provider: 'fake', upstreamModel: 'fake-small' });
    return await hostile({ gateway, issuer, tenant: await makeTenant(gateway) });
  } finally {
    await gateway.stop();
    await issuer.close();
  }
}

async function hostile(site: Site): Promise<ProveResult> {
  const { gateway, issuer, tenant } = site;
  const other = await makeTenant(gateway);
  await trust(gateway, tenant, issuer, { direct: true });
  await trust(gateway, other, issuer, { direct: true, rule: NOBODY });
  const good = await claimsOf(site);
  const tokens = await hostileTokens(issuer, good, `${PUBLIC_URL}/trust/${await slugOf(gateway, other)}`);
  const accepted: string[] = [];
  for (const { name, token } of tokens) {
    const { status, body } = await exchange(gateway, { grant_type: BEARER, assertion: token });
    if (status < 400 || status >= 500 || body.access_token !== undefined) accepted.push(`${name}: exchanged with ${status}`);
    const direct = await call(gateway, token);
    if (direct !== 401 && direct !== 431) accepted.push(`${name}: taken directly with ${direct}`);
  }
  const token = await issuer.sign(good);
  const isGoodTaken = (await exchange(gateway, { grant_type: BEARER, assertion: token })).status === 200;
  const isGoodDirect = (await call(gateway, token)) === 200;
  return {
    holds: accepted.length === 0 && tokens.length >= HOSTILE_MIN && isGoodTaken && isGoodDirect,
    figure: `${tokens.length} hostile tokens: ${accepted.length} accepted; the good one is ${isGoodTaken && isGoodDirect ? 'taken' : 'REFUSED'}`,
    details: [
      ...accepted,
      ...unmet({
        [`at least ${HOSTILE_MIN} hostile tokens`]: tokens.length >= HOSTILE_MIN,
        'the good token is exchanged': isGoodTaken,
        'the good token is taken in place of a key': isGoodDirect,
      }),
    ],
  };
}

/** A rule of the other organization, which must not make the tokens of this one good there. */
const NOBODY = { conditions: [{ claim: 'repository_id', match: 'equals', values: ['7'] }] };

async function unreachable(site: Site): Promise<ProveResult> {
  const { gateway } = site;
  const down = await startIssuer();
  const tenant = await makeTenant(gateway);
  try {
    await trust(gateway, tenant, down, { direct: true });
    down.fail();
    const token = await down.sign(await claimsOf({ ...site, tenant }));
    const exchanged = (await exchange(gateway, { grant_type: BEARER, assertion: token })).status;
    const direct = await call(gateway, token);
    return { holds: exchanged === 503 && direct === 503, figure: `keys unreachable: exchange ${exchanged}, direct ${direct}` };
  } finally {
    await down.close();
  }
}

/** Compares the CPU of the gateway for requests with a cached token and with a key, in one process, round by round. */
async function cost(site: Site, quick: boolean): Promise<ProveResult> {
  const { gateway, issuer, tenant } = site;
  await trust(gateway, tenant, issuer, { direct: true });
  const key = await makeKey(gateway, tenant);
  const claims = await claimsOf(site);
  const pool = new Pool(gateway.base, { connections: AT_ONCE, pipelining: 1 });
  const perRound = quick ? 400 : 4_000;
  const rounds = quick ? 4 : 24;
  try {
    // The first requests pay for the compiler and for the proof of the token.
    for (let warm = 0; warm < (quick ? 1 : 3); warm += 1)
      for (const secret of [key.secret, await issuer.sign(claims)]) await cpuOf(gateway, pool, secret, perRound);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const token = await issuer.sign(claims);
      await cpuOf(gateway, pool, token, AT_ONCE);
      // Each begins every other round, so that what grows in time costs both the same.
      const secrets = round % 2 === 0 ? [key.secret, token] : [token, key.secret];
      const spent = new Map<string, number>();
      for (const secret of secrets) spent.set(secret, await cpuOf(gateway, pool, secret, perRound));
      ratios.push((spent.get(token) as number) / (spent.get(key.secret) as number));
    }
    return judged(estimate(ratios), quick);
  } finally {
    await pool.close();
  }
}

function judged({ median, low, high, rounds }: Estimate, quick: boolean): ProveResult {
  const figure = `a cached token costs ${median.toFixed(3)} × the CPU of a key (${low.toFixed(3)}–${high.toFixed(3)}, ${rounds} rounds)`;
  // Few short rounds say only that both are served.
  if (quick) return { holds: true, figure: `${figure}, not judged` };
  const details = unmet({
    [`at most ${RATIO_MAX} × a key’s`]: median <= RATIO_MAX,
    [`measured to within ${WIDTH_MAX}`]: high - low < WIDTH_MAX,
  });
  return { holds: details.length === 0, figure, details };
}

/** The most that a refused token that comes over and over may cost, relative to a secret that nobody knows. */
const REFUSED_RATIO_MAX = 2;

/**
 * Compares the CPU for one token that no rule takes, sent over and over, with that for an unknown secret, round by round. The token is
 * signed by the issuer, so that without a memory each request is a query and a verification.
 */
async function flood(site: Site, quick: boolean): Promise<ProveResult> {
  const { gateway, issuer, tenant } = site;
  await trust(gateway, tenant, issuer, { direct: true });
  const refused = await issuer.sign({ ...(await claimsOf(site)), repository_id: '43' });
  const unknown = newKeySecret();
  const pool = new Pool(gateway.base, { connections: AT_ONCE, pipelining: 1 });
  const perRound = quick ? 400 : 4_000;
  const rounds = quick ? 3 : 12;
  try {
    for (const secret of [unknown, refused]) await cpuOf(gateway, pool, secret, perRound, 401);
    const ratios: number[] = [];
    const perRequest: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const secrets = round % 2 === 0 ? [unknown, refused] : [refused, unknown];
      const spent = new Map<string, number>();
      for (const secret of secrets) spent.set(secret, await cpuOf(gateway, pool, secret, perRound, 401));
      perRequest.push(((spent.get(refused) as number) * 1_000) / perRound);
      ratios.push((spent.get(refused) as number) / (spent.get(unknown) as number));
    }
    const { median, low, high } = estimate(ratios);
    const each = `${Math.round(estimate(perRequest).median)} µs of CPU`;
    const figure = `a refused token over and over costs ${each}, ${median.toFixed(2)} × an unknown secret (${low.toFixed(2)}–${high.toFixed(2)})`;
    return { holds: quick || median <= REFUSED_RATIO_MAX, figure: quick ? `${figure}, not judged` : figure };
  } finally {
    await pool.close();
  }
}

const BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] });

/** Returns the milliseconds of CPU that the gateway spends on some requests. Throws if one is answered with another status. */
async function cpuOf({ pid }: Gateway, pool: Pool, secret: string, requests: number, status = 200): Promise<number> {
  const before = cpuMs(pid);
  let left = requests;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: BODY,
      });
      await body.dump();
      if (statusCode !== status) throw new Error(`a request was answered with ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return cpuMs(pid) - before;
}

async function call({ base }: Gateway, secret: string): Promise<number> {
  const response = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: BODY,
  });
  await response.text();
  return response.status;
}
