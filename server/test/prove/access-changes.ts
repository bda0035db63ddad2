// Access while it is changed: labels after grants, tags, names, rotated secrets, fallbacks. Nothing is restarted on the way.
import { setTimeout as sleep } from 'node:timers/promises';
import { chat, listedModels } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveResult, unmet } from './prove.ts';
import { type SmallProvider, startSmallProvider } from './small-provider.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const PROPAGATION_MS_MAX = 1_000;
const OVERLAP_SECONDS = 2;

/** A gateway, and models whose upstream names are theirs with `up-` before; `up-broken` always fails. */
interface House {
  readonly gateway: Gateway;
  readonly provider: SmallProvider;
  model(name: string, settings?: object): Promise<string>;
  /** A key whose organization holds just this. */
  keyOf(asset_access: object): Promise<{ readonly id: string; readonly secret: string; readonly organizationId: string }>;
  callsOf(name: string): number;
}

export async function run(): Promise<ProveResult> {
  const provider = await startSmallProvider(({ model }) => (model === 'up-broken' ? { status: 500 } : { text: 'Hello.' }));
  const gateway = await startGateway();
  try {
    const house = await openHouse(gateway, provider);
    return allOf([
      await labelledAfterTheGrant(house),
      await tagAuthorizesNothing(house),
      await namesCollide(house),
      await rotationChangesNoAccess(house),
      await fallbackStaysInside(house),
    ]);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

async function openHouse(gateway: Gateway, provider: SmallProvider): Promise<House> {
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  return {
    gateway,
    provider,
    model: (name, settings) =>
      makeModel(gateway, { model: name, provider: 'openai', upstreamModel: `up-${name}`, credentialId }, settings),
    keyOf: async (asset_access) => {
      const tenant = await makeTenant(gateway, { asset_access });
      return { ...(await makeKey(gateway, tenant)), organizationId: tenant.organizationId };
    },
    callsOf: (name) => provider.calls.filter(({ model }) => model === `up-${name}`).length,
  };
}

/** A grant of a group waits for its members: the label alone lets the call pass, and its removal stops it. */
async function labelledAfterTheGrant({ gateway, model, keyOf, callsOf }: House): Promise<ProveResult> {
  const key = await keyOf({ mode: 'selected', access_groups: ['later'] });
  await model('newcomer');
  const label = (groups: string[]) => gateway.admin('PUT', '/callable-targets/newcomer/access-groups', { access_groups: groups });
  const before = (await chat(gateway, key.secret, 'newcomer')).status;
  const callsBefore = callsOf('newcomer');
  await label(['later']);
  const passedAfterMs = await untilStatus(gateway, key.secret, 'newcomer', 200);
  const isListed = (await listedModels(gateway, key.secret)).includes('newcomer');
  await label([]);
  const stoppedAfterMs = await untilStatus(gateway, key.secret, 'newcomer', 404);
  const details = unmet({
    'it is 404 before its label': before === 404,
    'no call of it goes upstream before': callsBefore === 0,
    'it is listed with its label': isListed,
    [`both changes count within ${PROPAGATION_MS_MAX} ms`]: Math.max(passedAfterMs, stoppedAfterMs) <= PROPAGATION_MS_MAX,
  });
  return {
    holds: details.length === 0,
    details,
    figure: `labelled after the grant: ${before} before, 200 after ${Math.round(passedAfterMs)} ms, 404 again after ${Math.round(stoppedAfterMs)} ms`,
  };
}

/** Milliseconds until the first answer with this status; infinite when none came within twice the bound. */
async function untilStatus(gateway: Gateway, secret: string, name: string, status: number): Promise<number> {
  const startedMs = performance.now();
  for (let elapsedMs = 0; elapsedMs < 2 * PROPAGATION_MS_MAX; ) {
    const said = await chat(gateway, secret, name);
    elapsedMs = performance.now() - startedMs;
    if (said.status === status) return elapsedMs;
    await sleep(20);
  }
  return Number.POSITIVE_INFINITY;
}

async function tagAuthorizesNothing({ gateway, model, keyOf, callsOf }: House): Promise<ProveResult> {
  await gateway.admin('POST', '/access-groups', { key: 'europe' });
  await model('tagged', { tags: ['europe'] });
  const key = await keyOf({ mode: 'selected', access_groups: ['europe'] });
  const said = await chat(gateway, key.secret, 'tagged');
  const listed = await listedModels(gateway, key.secret);
  const holds = said.error?.code === 'model_not_found' && listed.length === 0 && callsOf('tagged') === 0;
  return {
    holds,
    figure: `a tag equal to a granted group: ${said.status}, upstream calls ${callsOf('tagged')}`,
    details: [said.text],
  };
}

async function namesCollide({ gateway, model }: House): Promise<ProveResult> {
  const deploymentId = await model('taken');
  const members = [{ deployment_id: deploymentId, weight: 1, priority: 0 }];
  const group = (key: string) => ({ key, strategy: 'weighted', members, fallbacks: [] });
  const groupOfModel = (await gateway.ask('POST', '/route-groups', group('taken'))).status;
  await gateway.admin('POST', '/route-groups', group('taken-too'));
  const deployment = { model: 'taken-too', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' };
  const modelOfGroup = (await gateway.ask('POST', '/deployments', deployment)).status;
  return {
    holds: groupOfModel === 409 && modelOfGroup === 409,
    figure: `a route group named as a model: ${groupOfModel}, a model named as a route group: ${modelOfGroup}`,
  };
}

/** Both secrets are one key: they reach the same while the older lives, and it ends with its overlap. */
async function rotationChangesNoAccess({ gateway, model, keyOf }: House): Promise<ProveResult> {
  await model('held');
  await model('not-held');
  const key = await keyOf({ mode: 'selected', targets: ['held'] });
  const reach = async (secret: string) =>
    JSON.stringify([
      await listedModels(gateway, secret),
      await Promise.all(['held', 'not-held'].map(async (name) => (await chat(gateway, secret, name)).status)),
    ]);
  const before = await reach(key.secret);
  const rotated = await gateway.admin<{ secret: string; older_secrets_end_at: string }>('POST', `/keys/${key.id}/rotate`, {
    overlap_seconds: OVERLAP_SECONDS,
  });
  const during = [await reach(key.secret), await reach(rotated.secret)];
  await sleep(Math.max(0, Date.parse(rotated.older_secrets_end_at) - Date.now()) + 100);
  const oldAfter = await chat(gateway, key.secret, 'held');
  const after = await reach(rotated.secret);
  const isSame = [...during, after].every((text) => text === before);
  return {
    holds: isSame && oldAfter.error?.code === 'invalid_api_key',
    figure: `rotated: access ${isSame ? 'unchanged' : 'changed'}, the old secret works during the overlap and then ${oldAfter.status}`,
    details: [before, ...during, after, oldAfter.text],
  };
}

/** A model that always fails falls back to one that the caller may call, and to no other. */
async function fallbackStaysInside({ gateway, model, keyOf, callsOf }: House): Promise<ProveResult> {
  for (const name of ['broken', 'forbidden', 'allowed']) await model(name);
  await gateway.admin('PATCH', '/models/broken', { fallbacks: ['forbidden', 'allowed'] });
  const inside = await keyOf({ mode: 'selected', targets: ['broken', 'allowed'] });
  const alone = await keyOf({ mode: 'selected', targets: ['broken'] });
  const said = await chat(gateway, inside.secret, 'broken');
  const refused = await chat(gateway, alone.secret, 'broken');
  const holds = said.status === 200 && refused.status >= 500 && callsOf('forbidden') === 0 && callsOf('allowed') === 1;
  return {
    holds,
    figure: `fallback: ${said.status} from the one allowed, ${refused.status} where none is, calls of the forbidden one ${callsOf('forbidden')}`,
    details: [said.text, refused.text],
  };
}
