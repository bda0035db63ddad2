// Workloads with tokens of their own platform: an SDK as it is, hostile tokens, an issuer that is down, and what a token costs.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { startIssuer, type TokenIssuer } from '../support/token-issuer.ts';
import { hostileTokens } from '../workload/hostile-tokens.ts';
import { BEARER, exchange, PUBLIC_URL, slugOf, TRUST_SETTINGS, trust } from '../workload/trusting.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { costOfTokens } from './identity-jwt-cost.ts';
import { allOf, type ProveOptions, type ProveResult, unmet } from './prove.ts';
import { makeModel, makeTenant, type Tenant } from './tenant.ts';

const HOSTILE_MIN = 24;

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const issuer = await startIssuer();
  const gateway = await startGateway({ env: TRUST_SETTINGS });
  try {
    await makeModel(gateway, { model: 'fast', provider: 'fake', upstreamModel: 'fake-small' });
    await makeModel(gateway, { model: 'words', provider: 'fake', upstreamModel: 'fake-small' });
    const tenant = await makeTenant(gateway);
    const site: Site = { gateway, issuer, tenant };
    doing('Anthropic’s SDK');
    const checks = [await sdk(site)];
    doing('hostile tokens');
    checks.push(await hostile(site));
    doing('an issuer that is down');
    checks.push(await unreachable(site));
    checks.push(...(await costOfTokens(issuer, { quick, doing })));
    return allOf(checks);
  } finally {
    await gateway.stop();
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

async function call({ base }: Gateway, secret: string): Promise<number> {
  const response = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.text();
  return response.status;
}
