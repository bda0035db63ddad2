/** Every page and dialog of the console, and how to come to it: what is looked at for accessibility and in pictures. */
import { call, type House, type Page, type Role } from './support.ts';
import { makeTagged, type Tagged } from './tagged.ts';

export interface Sight {
  readonly name: string;
  readonly address: string;
  /** Who looks; a platform admin unless said. Null: nobody is signed in. */
  readonly who?: Role | null;
  /** What is done on the page until there is something to look at: a dialog opened, a tab chosen. */
  readonly open?: (page: Page) => Promise<void>;
}

/** Ids of the demo's objects that pages show. */
export interface Ids {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly accountId: string;
  readonly deploymentId: string;
  readonly routeGroupId: string;
  readonly requestId: string;
  readonly refusedId: string;
  /** A request that every deployment of its model failed. */
  readonly failedId: string;
  readonly tagged: Tagged;
  /** An admin token of a service account, and the name of that. */
  readonly machine: { readonly accountId: string; readonly name: string };
}

/** Calls that pass and one that is refused, so that no page is looked at empty. */
export async function idsOf(house: House): Promise<Ids> {
  const first = async (path: string) => (await house.api<{ data: { id: string }[] }>('GET', path)).data[0]?.id as string;
  const accountId = await accountOf(house, 'org_owner');
  const { id: keyId, secret } = await house.api<{ id: string; secret: string }>('POST', '/keys', {
    team_id: house.teamId,
    name: 'looked at',
    rate_limits: { rpm: 4 },
    budgets: [{ amount: '5.00', period: 'month' }],
  });
  for (let asked = 0; asked < 6; asked += 1) await call(house, secret);
  await makeStandings(house);
  await makeAlerts(house);
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
    machine: await makeRisks(house),
    tagged: await makeTagged(house, (keyId) => eventually(() => first(`/requests?key_id=${keyId}`))),
    failedId: await makeFailed(house, first),
  };
}

async function makeFailed(house: House, first: (path: string) => Promise<string>): Promise<string> {
  const model = 'never-answers';
  for (const upstream_model of ['fake-429', 'fake-500'])
    await house.api('POST', '/deployments', { model, provider: 'fake', upstream_model });
  await house.api('PUT', `/callable-targets/${model}/access-groups`, { access_groups: ['support'] });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: house.teamId, name: 'gets no answer' });
  await call(house, secret, model);
  return eventually(() => first(`/requests?model=${model}&status=failed`));
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
async function makeStandings(house: House): Promise<void> {
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
  await house.api('POST', `/organizations/${await made('Put Away', {})}/archive`);
  const standings = ['near_limit', 'over_budget', 'idle', 'suspended', 'archived'];
  const counts = async () => (await house.api<{ by_status: Record<string, number> }>('GET', '/organizations/summary')).by_status;
  await eventually(async () => {
    const by = await counts();
    return standings.every((standing) => (by[standing] ?? 0) > 0) ? 'judged' : undefined;
  });
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

const button = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();

async function openUnits(page: Page): Promise<void> {
  await button('Add price version')(page);
  for (const name of [/^Searches, images/, 'Add context tier', 'Add service tier'])
    await page.getByRole('dialog').getByRole('button', { name }).click();
}

/** The menu of a row that is named so, and what is chosen in it. */
function menuOf(name: string, item: string) {
  return async (page: Page): Promise<void> => {
    await button(`Actions for ${name}`)(page);
    await page.getByRole('menuitem', { name: item }).click();
  };
}

async function openMachineToken(page: Page): Promise<void> {
  await button('Create admin token')(page);
  await page.getByRole('combobox', { name: 'Belongs to' }).click();
  await page.getByRole('option', { name: 'A new service account' }).click();
}

async function openNewToken(page: Page): Promise<void> {
  await button('Create admin token')(page);
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Looked at');
  await dialog.getByRole('button', { name: 'Create admin token' }).click();
  await page.getByRole('dialog', { name: 'New admin token' }).waitFor();
}

/** The dialog of the organization with a grant removed, and the effect of that beside Save. */
async function openEffect(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: 'Remove smart' }).click();
  await page.getByText('Effect of saving').waitFor();
}

async function openUnsaved(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Half');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Discard unsaved changes?' }).waitFor();
}

/** A dialog that asks, with the effect that it shows before it lets anybody confirm. */
function openConfirmed(name: string): (page: Page) => Promise<void> {
  return async (page) => {
    await button(name)(page);
    await page
      .getByRole('dialog')
      .getByText(/^Effect/)
      .first()
      .waitFor();
  };
}

export function sightsOf(ids: Ids): readonly Sight[] {
  const organization = `/organizations/${ids.organizationId}`;
  const tabs = 'overview teams members keys access limits usage audit security service-accounts webhooks settings'.split(' ');
  const tokens = '/settings?tab=tokens';
  return [
    { name: 'sign-in', address: '/sign-in', who: null },
    { name: 'reset-password', address: '/reset-password', who: null },
    { name: 'first-admin', address: '/first-admin?token=unknown', who: null },
    { name: 'invitation', address: '/invitation?token=unknown', who: null },
    { name: 'overview', address: '/' },
    { name: 'overview-developer', address: '/', who: 'team_developer' },
    { name: 'start', address: '/start' },
    { name: 'organizations', address: '/organizations' },
    { name: 'organization-create', address: '/organizations', open: button('Create organization') },
    { name: 'organization-edit', address: organization, open: button(/^Edit/) },
    { name: 'organization-effect', address: `${organization}?edit=access`, open: openEffect },
    { name: 'organization-unsaved', address: '/organizations?create=organization', open: openUnsaved },
    ...tabs.map((tab) => ({ name: `organization-${tab}`, address: `${organization}?tab=${tab}` })),
    { name: 'organization-owner', address: organization, who: 'org_owner' as const },
    { name: 'teams', address: '/teams' },
    { name: 'team-create', address: '/teams', open: button('Create team') },
    { name: 'team', address: `/teams/${ids.teamId}` },
    { name: 'people', address: '/people' },
    { name: 'person-invite', address: '/people', open: button(/^(Invite|Add) /) },
    { name: 'account', address: `/people/${ids.accountId}` },
    {
      name: 'account-vouch',
      address: `/people/${ids.accountId}`,
      open: async (page) => {
        await button('More')(page);
        await page.getByRole('menuitem', { name: /^Vouch/ }).click();
      },
    },
    { name: 'keys', address: '/keys' },
    { name: 'key-create', address: '/keys', open: button('Create key') },
    { name: 'key', address: `/keys/${ids.keyId}` },
    { name: 'key-disable', address: `/keys/${ids.keyId}`, open: openConfirmed('Disable') },
    { name: 'access-explorer', address: `/access?key=${ids.keyId}` },
    { name: 'access-explorer-target', address: '/access?ask=target&target=smart&who=cannot' },
    { name: 'models', address: '/models' },
    { name: 'deployment-create', address: '/models', open: button(/^(Add|Create) (deployment|model)/) },
    { name: 'deployment', address: `/models/${ids.deploymentId}` },
    { name: 'deployment-edit', address: `/models/${ids.deploymentId}`, open: button(/^Edit/) },
    { name: 'deployment-disable', address: `/models/${ids.deploymentId}`, open: openConfirmed('Disable') },
    { name: 'price-create', address: `/models/${ids.deploymentId}`, open: button('Add price version') },
    { name: 'price-units', address: `/models/${ids.deploymentId}`, open: openUnits },
    {
      name: 'deployment-bounds',
      address: `/models/${ids.deploymentId}`,
      open: async (page) => {
        await button(/^Edit/)(page);
        await page.getByRole('button', { name: /^Weight, priority/ }).click();
      },
    },
    { name: 'models-passed-over', address: '/models?passed_over=true' },
    { name: 'deployment-passed-over', address: `/models/${ids.tagged.deploymentId}` },
    {
      name: 'team-edit-tags',
      address: `/teams/${ids.tagged.teamId}`,
      open: async (page) => {
        await button('Edit')(page);
        await page.getByRole('dialog').getByRole('button', { name: /^Tags/ }).click();
      },
    },
    { name: 'key-tagged', address: `/keys/${ids.tagged.keyId}` },
    { name: 'credentials', address: '/credentials' },
    { name: 'credential-create', address: '/credentials', open: button(/^(Add|Create) credential/) },
    { name: 'route-groups', address: '/route-groups' },
    { name: 'route-group', address: `/route-groups/${ids.routeGroupId}` },
    { name: 'access-groups', address: '/access-groups' },
    { name: 'access-group', address: '/access-groups/support' },
    { name: 'playground', address: '/playground' },
    { name: 'usage', address: '/usage?group_by=model' },
    { name: 'requests', address: '/requests' },
    { name: 'request', address: `/requests/${ids.requestId}` },
    { name: 'request-failed', address: `/requests/${ids.failedId}` },
    { name: 'organization-edit-at-limit', address: `${organization}?edit=rate_limits.rpm` },
    { name: 'request-tagged', address: `/requests/${ids.tagged.requestId}` },
    { name: 'usage-by-tag', address: `/usage?group_by=tag&team_id=${ids.tagged.teamId}` },
    { name: 'request-refused', address: `/requests/${ids.refusedId}` },
    { name: 'audit', address: '/audit' },
    { name: 'audit-event', address: '/audit?event=1' },
    { name: 'settings', address: '/settings' },
    { name: 'settings-jobs', address: '/settings?tab=jobs' },
    { name: 'settings-webhooks', address: '/settings?tab=webhooks' },
    { name: 'webhook-create', address: '/settings?tab=webhooks', open: button('Create webhook') },
    { name: 'settings-service-accounts', address: '/settings?tab=service-accounts' },
    { name: 'security', address: '/security', who: 'org_owner' },
    { name: 'security-people', address: '/security?show=password_only', who: 'org_auditor' },
    { name: 'security-platform', address: '/security' },
    { name: 'service-account-create', address: `${organization}?tab=service-accounts`, open: button('Create service account') },
    { name: 'service-account-edit', address: `${organization}?tab=service-accounts`, open: menuOf(ids.machine.name, 'Edit…') },
    {
      name: 'service-account-delete',
      address: `${organization}?tab=service-accounts`,
      open: menuOf(ids.machine.name, 'Delete…'),
    },
    { name: 'settings-tokens', address: tokens },
    { name: 'settings-tokens-machine', address: `${tokens}&service_account_id=${ids.machine.accountId}` },
    { name: 'token-create', address: tokens, open: button('Create admin token') },
    { name: 'token-create-machine', address: tokens, who: 'org_owner', open: openMachineToken },
    { name: 'token-created', address: tokens, open: openNewToken },
    { name: 'token-change', address: `${tokens}&search=Nightly%20deploy`, open: menuOf('Nightly deploy', 'Change…') },
    { name: 'token-revoke', address: `${tokens}&search=Nightly%20deploy`, open: menuOf('Nightly deploy', 'Revoke…') },
    { name: 'alerts', address: '/alerts' },
    { name: 'alert-bell', address: '/', open: button(/^Alerts/) },
    { name: 'profile', address: '/profile' },
    { name: 'command-palette', address: '/', open: button(/^Search/) },
    { name: 'not-found', address: '/organizations/org_nothing' },
  ];
}

/** Goes there as who should look, and waits until nothing is loading any more. */
export async function show(page: Page, house: House, sight: Sight): Promise<void> {
  if (sight.who === null) await page.context().clearCookies();
  else await house.signIn(page, sight.who ?? 'platform_admin');
  await page.goto(house.url + sight.address);
  await atRest(page);
  if (sight.open === undefined) return;
  await sight.open(page);
  await atRest(page);
}

async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    // biome-ignore lint/performance/useDomNodeTextContent: what styles hold is text too, and is not shown.
    const words = document.getElementById('root')?.innerText.trim() ?? '';
    return words !== '' && document.querySelector('[aria-label="Loading"], .mantine-Skeleton-root') === null;
  });
  await page.waitForTimeout(350);
}
