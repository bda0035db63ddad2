/** Every page and dialog of the console, and how to come to it: what is looked at for accessibility and in pictures. */
import { credentialSights } from './credential-sights.ts';
import { dialogSights } from './dialog-sights.ts';
import { directorySights, makeDirectory } from './directory-sights.ts';
import { makeManagedSettings } from './login-sights.ts';
import { pageSights } from './page-sights.ts';
import type { Ids, Sight } from './sight.ts';
import { ssoSights } from './sso-sights.ts';
import { call, called, type House, type Page, type Role } from './support.ts';
import { makeTagged } from './tagged.ts';
import { makeWorkloads } from './workload-sights.ts';

const made = new WeakMap<House, Promise<Ids>>();

/** The ids of a house, which is furnished once: calls that pass and one that is refused, so that no page is looked at empty. */
export function idsOf(house: House): Promise<Ids> {
  const known = made.get(house) ?? furnish(house);
  made.set(house, known);
  return known;
}

export function sightsOf(ids: Ids): readonly Sight[] {
  return [...pageSights(ids), ...dialogSights(ids), ...credentialSights(), ...ssoSights(), ...directorySights(ids)];
}

async function furnish(house: House): Promise<Ids> {
  const first = async (path: string) => (await house.api<{ data: { id: string }[] }>('GET', path)).data[0]?.id as string;
  const accountId = await accountOf(house, 'org_owner');
  const { id: keyId, secret } = await house.api<{ id: string; secret: string }>('POST', '/keys', {
    team_id: house.teamId,
    name: 'looked at',
    rate_limits: { rpm: 4 },
    budgets: [{ amount: '5.00', period: 'month' }],
  });
  for (let asked = 0; asked < 6; asked += 1) await call(house, secret);
  const archivedId = await makeStandings(house);
  await makeAlerts(house);
  await makeDirectory(house);
  await makeWorkloads(house);
  await makeManagedSettings(house);
  const refusedId = await eventually(() => first(`/requests?key_id=${keyId}&status=refused`));
  const requestId = await eventually(() => first(`/requests?key_id=${keyId}&status=succeeded`));
  return {
    organizationId: house.organizationId,
    teamId: house.teamId,
    keyId,
    accountId,
    deploymentId: await first('/deployments'),
    routeGroupId: await first('/route-groups'),
    requestId,
    refusedId,
    failedId: await makeFailure(house),
    archivedId,
    ...(await makeThingsToChange(house)),
    machine: await makeRisks(house),
    tagged: await makeTagged(house, (keyId) => eventually(() => first(`/requests?key_id=${keyId}`))),
  };
}

/** A request to a model whose provider answers with an error, from an organization of its own. */
async function makeFailure(house: House): Promise<string> {
  const model = `broken-${Date.now()}`;
  await house.api('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-500', mode: 'chat' });
  const body = { name: 'Failing House', slug: `failing-${Date.now()}`, asset_access: { mode: 'all' } };
  const { id } = await house.api<{ id: string }>('POST', '/organizations', body);
  const team = await house.api<{ id: string }>('POST', `/organizations/${id}/teams`, { name: 'Only team' });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'fails' });
  const { requestId } = await called(house, secret, model);
  return eventually(async () => {
    const { status } = await house.gateway.ask('GET', `/requests/${requestId}`);
    return status === 200 ? requestId : undefined;
  });
}

async function accountOf(house: House, role: Role): Promise<string> {
  return (await house.as(role)<{ account: { id: string } }>('GET', '/session')).account.id;
}

/** What the page Security finds, and the admin tokens of a machine. */
async function makeRisks(house: House): Promise<Ids['machine']> {
  const { organizationId: organization_id } = house;
  const path = `/accounts/${await accountOf(house, 'org_admin')}`;
  const { address_proof } = await house.api<{ address_proof: object | null }>('GET', path);
  if (address_proof === null) await house.api('POST', `${path}/vouch`, { reason: 'Known in person.' });
  const name = `Deploys ${Date.now()}`;
  const made = await house.as('org_owner')<{ id: string }>('POST', `/organizations/${organization_id}/service-accounts`, {
    name,
  });
  const token = { role: 'org_auditor', organization_id };
  await house.as('org_owner')('POST', '/admin-tokens', { ...token, name: 'Nightly deploy', service_account_id: made.id });
  await house.as('org_owner')('POST', '/admin-tokens', { ...token, name: 'Reports' });
  return { accountId: made.id, name };
}

/** A threshold passed, a webhook that was told of it, and jobs that ran. */
async function makeAlerts(house: House): Promise<void> {
  const { organizationId: organization_id } = house;
  const hook = { name: 'Finance', url: 'http://127.0.0.1:9/headgate', events: ['budget.threshold'] };
  const { id } = await house.api<{ id: string }>('POST', '/webhooks', { ...hook, organization_id });
  await house.api('POST', '/webhooks', { ...hook, name: 'Operators', events: ['credential.failing', 'ledger.drift'] });
  await house.api('POST', `/webhooks/${id}/test`);
  const budgets = [{ amount: '0.000001', period: 'day', action: 'alert', thresholds: [50, 100] }];
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: house.teamId, name: 'spends', budgets });
  await call(house, secret);
  const first = async () => (await house.api<{ data: { id: string }[] }>('GET', '/alerts')).data[0]?.id;
  await eventually(first);
  await eventually(async () => {
    const { status } = await house.gateway.ask('POST', '/jobs/proof/run');
    return status === 200 ? 'in line' : undefined;
  });
}

/** An organization in each standing, so that no word and no colour of a list stays unseen. */
async function makeStandings(house: House): Promise<string> {
  const made = async (name: string, body: object) => {
    const slug = `${name.toLowerCase().replaceAll(' ', '-')}-${Date.now()}`;
    return (await house.api<{ id: string }>('POST', '/organizations', { name, slug, ...body })).id;
  };
  const close = await made('Near Limit', { rate_limits: { rpd: 1 }, asset_access: { targets: ['fast'] } });
  const team = await house.api<{ id: string }>('POST', `/organizations/${close}/teams`, { name: 'Only team' });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'only key' });
  await call(house, secret);
  await made('Used Up', { budgets: [{ amount: '0', period: 'month' }] });
  await made('Quiet Corner', {});
  await house.api('POST', `/organizations/${await made('Put On Hold', {})}/suspend`);
  const archived = await made('Put Away', {});
  await house.api('POST', `/organizations/${archived}/archive`);
  const standings = ['near_limit', 'over_budget', 'idle', 'suspended', 'archived'];
  const counts = async () => (await house.api<{ by_status: Record<string, number> }>('GET', '/organizations/summary')).by_status;
  await eventually(async () => {
    const by = await counts();
    return standings.every((standing) => (by[standing] ?? 0) > 0) ? 'judged' : undefined;
  });
  return archived;
}

/** What dialogs are about that the demo has none of. */
async function makeThingsToChange(house: House): Promise<Pick<Ids, 'publishedTwiceId'>> {
  const { organizationId } = house;
  const wires = { 'openai-chat': '/chat/completions' };
  const preset = { id: 'looked-at', name: 'Looked at', base_url: 'https://llm.acme.example/v1', auth: 'bearer', wires };
  await house.api('POST', '/presets', { ...preset, rename: { seed: 'random_seed' }, drop: ['top_k'] });
  const turned = await house.api<{ id: string }>('POST', '/credentials', {
    name: 'Looked at',
    provider: 'openai',
    api_key: 'sk-looked-at-0000',
  });
  await house.api('PATCH', `/credentials/${turned.id}`, { api_key: 'sk-looked-at-1111' });
  await house.api('POST', '/credentials', {
    ...{ name: 'Frankfurt', provider: 'bedrock', kind: 'aws_static', settings: { region: 'eu-central-1' } },
    secret: {
      ...{ kind: 'aws_static', access_key_id: 'AKIAIOSFODNN7EXAMPLE' },
      secret_access_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
  });
  const email = `pending-${Date.now()}@headgate.test`;
  await house.api('POST', '/invitations', { email, organization_id: organizationId, role: 'org_member' });
  const deployment = (await house.api<{ data: { id: string }[] }>('GET', '/deployments')).data[0]?.id;
  const group = { key: `twice-${Date.now()}`, strategy: 'weighted', members: [{ deployment_id: deployment }] };
  const { id: publishedTwiceId } = await house.api<{ id: string }>('POST', '/route-groups', group);
  const policy = { strategy: 'weighted', members: [{ deployment_id: deployment, weight: 7 }] };
  await house.api('POST', `/route-groups/${publishedTwiceId}/policy/publish`, { policy });
  return { publishedTwiceId };
}

/** A settled request is listed within a second, a standing judged within ten. */
async function eventually(look: () => Promise<string | undefined>): Promise<string> {
  for (let tries = 0; tries < 250; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('what was asked for is not there after 25 seconds');
}

/** Goes there as who should look, and waits until nothing is loading any more. */
export async function show(page: Page, house: House, sight: Sight): Promise<void> {
  if (sight.who === null) await page.context().clearCookies();
  else await house.signIn(page, sight.who ?? 'platform_admin');
  await page.goto(house.url + sight.address);
  await loaded(page);
  if (sight.open !== undefined) {
    await sight.open(page, house);
    await loaded(page);
  }
  // Some questions are asked only after the first answers.
  await page.waitForTimeout(350);
}

/** Waits until nothing is loading any more. */
export async function loaded(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    // biome-ignore lint/performance/useDomNodeTextContent: what styles hold is text too, and is not shown.
    const words = document.getElementById('root')?.innerText.trim() ?? '';
    return words !== '' && document.querySelector('[aria-label="Loading"], .mantine-Skeleton-root') === null;
  });
}
