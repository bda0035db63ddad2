/** Every dialog of the console, and how it is opened. Names of dialogs are those of dialog-sources.ts. */
import { batchSights } from './batches.ts';
import { loginSights } from './login-sights.ts';
import { platformSights } from './platform-sights.ts';
import type { Ids, Sight } from './sight.ts';
import { button, dialogNamed, exactly, fromMenu, inDialog, menuOf, newcomer } from './sight-steps.ts';
import { signInSights } from './sign-in-sights.ts';
import type { House, Page } from './support.ts';
import { workloadSights } from './workload-sights.ts';

type Open = NonNullable<Sight['open']>;

/** A dialog that a platform admin opens; `who` otherwise. */
function shows(name: string, dialog: string, address: string, open: Open, more: Partial<Sight> = {}): Sight {
  return { name, dialog, address, open, ...more };
}

export function dialogSights(ids: Ids): readonly Sight[] {
  return [
    ...shellSights(),
    ...organizationSights(ids),
    ...teamSights(ids),
    ...peopleSights(ids),
    ...keySights(ids),
    ...catalogueSights(ids),
    ...settingsSights(ids),
    ...platformSights(),
    ...signInSights(),
    ...loginSights(ids.organizationId),
    ...workloadSights(ids.organizationId),
  ];
}

function shellSights(): readonly Sight[] {
  return [
    shows('alert-bell', 'AlertBell: Newest alerts', '/', button(/^Alerts/)),
    shows('command-palette', 'CommandPalette', '/', button(/^Search/)),
    shows('shortcuts', 'ShortcutsDialog: Keyboard shortcuts', '/keys', async (page) => {
      await page.keyboard.press('?');
      await dialogNamed(page, /^Keyboard shortcuts$/);
    }),
    shows('list-filters', 'FilterBar', '/requests', button(/^Filter/)),
    shows('saved-views', 'SavedViews: Saved views', '/requests', button(/^Views/)),
    shows('usage-statements', 'UsagePage: Statements', '/usage', button(/^Statements/)),
    shows('audit-event', 'EventDrawer', '/audit?event=1', (page) => dialogNamed(page, /./)),
    shows('conflict', 'ConflictDialog: … was changed by someone else', '/models', openConflict),
  ];
}

/** A deployment that somebody else changes while it is edited. */
async function openConflict(page: Page, house: House): Promise<void> {
  const deployment = { model: `two-${Date.now()}`, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' };
  const { id } = await house.api<{ id: string }>('POST', '/deployments', deployment);
  await page.goto(`${house.url}/models/${id}`);
  await exactly('Edit')(page);
  await page.getByRole('dialog').getByLabel('Capacity: requests per minute').fill('70');
  await house.api('PATCH', `/deployments/${id}`, { limits: { rpm: 50, tpm: null } });
  await inDialog(page, 'Save');
  await dialogNamed(page, /was changed by someone else/);
}

function organizationSights(ids: Ids): readonly Sight[] {
  const organization = `/organizations/${ids.organizationId}`;
  const machines = `${organization}?tab=service-accounts`;
  const create = 'OrganizationDialog: Create organization';
  const edit = 'OrganizationDialog: Edit organization';
  return [
    shows('organization-create', create, '/organizations', button('Create organization')),
    shows('organization-unsaved', create, '/organizations?create=organization', openUnsaved),
    shows('organization-edit', edit, organization, button(/^Edit/)),
    shows('organization-edit-at-limit', edit, `${organization}?edit=rate_limits.rpm`, (page) =>
      dialogNamed(page, 'Edit organization'),
    ),
    shows('organization-effect', edit, `${organization}?edit=access`, openEffect),
    shows('organization-suspend', 'LifecycleDialog: … …?', organization, exactly('Suspend')),
    shows(
      'organization-forget-cached',
      'ForgetCached: Forget the cached answers of …?',
      `${organization}?tab=settings`,
      async (page, house) => {
        await house.api('PATCH', `/organizations/${ids.organizationId}`, { cache_scope: 'team' });
        await page.reload();
        await exactly('Forget cached answers')(page);
      },
    ),
    shows(
      'organization-delete',
      'LifecycleActions: Delete … permanently?',
      `/organizations/${ids.archivedId}`,
      fromMenu('More actions', 'Delete permanently'),
    ),
    shows('organizations-suspend', 'BulkBar: Suspend …?', '/organizations?search=Quiet', async (page) => {
      // A phone shows no rows.
      await page.getByRole('checkbox', { name: /Quiet Corner/ }).check();
      await page.getByRole('region', { name: 'Selected organizations' }).getByRole('button', { name: 'Suspend' }).click();
    }),
    ...batchSights(organization),
    shows('mail-schedule', 'ScheduleDialog: Schedule e-mail', `${organization}/statements`, button('Schedule e-mail')),
    shows('who-can-call', 'WhoCanCall', `${organization}?tab=access`, button('Who can call it? smart')),
    shows('service-account-create', 'TokenAccountDialogs: Create service account', machines, button('Create service account')),
    shows('service-account-edit', 'TokenAccountDialogs: Edit …', machines, menuOf(ids.machine.name, 'Edit…')),
    shows('service-account-delete', 'TokenAccountDialogs: Delete …', machines, menuOf(ids.machine.name, 'Delete…')),
  ];
}

/** The dialog with a grant removed, and the effect of that beside Save. */
async function openEffect(page: Page): Promise<void> {
  await inDialog(page, 'Remove smart');
  await page.getByText('Effect of saving').waitFor();
}

async function openUnsaved(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Half');
  await page.keyboard.press('Escape');
  await dialogNamed(page, 'Discard unsaved changes?');
}

/** A dialog that asks, with the effect that it shows before it lets anybody confirm. */
function openConfirmed(opener: Open): Open {
  return async (page, house) => {
    await opener(page, house);
    await page
      .getByRole('dialog')
      .getByText(/^Effect/)
      .first()
      .waitFor();
  };
}

function teamSights(ids: Ids): readonly Sight[] {
  const team = `/teams/${ids.teamId}`;
  const machines = `${team}?tab=service-accounts`;
  return [
    shows('team-create', 'CreateTeamDialog: Create team', '/teams', button('Create team')),
    shows('team-edit-tags', 'EditTeamDialog: Edit …', `/teams/${ids.tagged.teamId}`, async (page) => {
      await button('Edit')(page);
      await inDialog(page, /^Tags/);
    }),
    shows('team-suspend', 'TeamActions: Suspend …?', team, openConfirmed(exactly('Suspend'))),
    shows('team-delete', 'TeamActions: Delete …', team, exactly('Delete')),
    shows('team-add-person', 'AddTeamMemberDialog: Add a person to …', `${team}?tab=members`, button('Add person')),
    shows('team-add-member', 'AddTeamMemberDialog: Add a person to …', `${team}?tab=members`, button('Add person'), {
      who: 'team_admin',
    }),
    shows('team-change-role', 'TeamMembersTab: Change the role of …?', `${team}?tab=members`, async (page) => {
      await page
        .getByRole('combobox', { name: /^Role of/ })
        .first()
        .click();
      await page.locator('[role=option]:visible:not([aria-selected=true])').first().click();
    }),
    shows('team-remove-member', 'TeamMembersTab: Remove … from …', `${team}?tab=members`, button(/^Remove /)),
    shows(
      'team-service-account-create',
      'ServiceAccountsTab: Create service account',
      machines,
      button('Create service account'),
    ),
    shows('team-service-account-disable', 'ServiceAccountsTab: Disable …?', machines, openConfirmed(exactly('Disable'))),
    shows('team-service-account-delete', 'ServiceAccountsTab: Delete …', machines, button(/^Delete ./)),
  ];
}

function peopleSights(ids: Ids): readonly Sight[] {
  const account = `/people/${ids.accountId}`;
  const invitations = '/people?tab=invitations&status=pending';
  const person = 'AddPersonDialog: Add person / Add a person to …';
  return [
    shows('person-invite', person, '/people', button('Add person')),
    shows('person-found', person, `/organizations/${ids.organizationId}?tab=members`, async (page) => {
      await button('Add person')(page);
      await page.getByRole('combobox', { name: 'Name or e-mail address' }).fill('Org');
      await page.getByRole('option').first().waitFor();
    }),
    shows('person-invited', 'SentDialog: … is invited', invitations, button('Send again')),
    shows('invitation-cancel', 'InvitationsList: Cancel invitation', invitations, exactly('Cancel')),
    shows(
      'account-to-organization',
      'AddToOrganizationDialog: Add … to an organization',
      account,
      button('Add to an organization'),
    ),
    shows('account-to-team', 'AddToTeamDialog: Add … to a team', account, button('Add to a team')),
    shows('account-member', 'EditMemberDialog: Edit …', account, button('Role, limits and access')),
    shows('account-remove', 'RemoveMemberDialog: Remove …', account, exactly('Remove')),
    shows('account-disable', 'AccountActions: Disable …', account, exactly('Disable')),
    shows('account-vouch', 'VouchDialog: Vouch for …', account, fromMenu('More', /^Vouch/)),
    shows('account-role', 'PlatformRoleDialog: Platform role of …', account, fromMenu('More', /^Platform role/)),
    shows('account-sign-out', 'AccountActions: Sign … out everywhere', account, fromMenu('More', /^Sign out/)),
  ];
}

function keySights(ids: Ids): readonly Sight[] {
  const key = `/keys/${ids.keyId}`;
  return [
    shows('callable-model', 'ModelDrawer', `/callable-models?key_id=${ids.keyId}&name=fast`, (page) => dialogNamed(page, 'fast')),
    shows(
      'callable-model-client',
      'ModelDrawer',
      `/callable-models?key_id=${ids.keyId}&name=fast&client=opencode`,
      async (page) => {
        await dialogNamed(page, 'fast');
        await page.getByLabel('Setting of opencode: opencode.json').scrollIntoViewIfNeeded();
      },
    ),
    shows('key-create', 'CreateKeyDialog: Create key', '/keys', button('Create key')),
    shows('key-create-team', 'CreateKeyDialog: Create key', '/keys', async (page) => {
      await button('Create key')(page);
      await page.getByRole('dialog').getByRole('combobox', { name: 'Team' }).click();
      await page.getByRole('option').first().waitFor();
    }),
    shows('key-created', 'CreateKeyDialog: Key … is ready', `/teams/${ids.teamId}?tab=keys`, async (page) => {
      await button('Create key')(page);
      await page.getByRole('dialog').getByRole('textbox', { name: 'Name', exact: true }).fill('Looked at');
      await inDialog(page, 'Create key');
      await dialogNamed(page, /is ready/);
    }),
    shows('key-edit', 'EditKeyDialog: Edit …', key, exactly('Edit')),
    shows('key-rotate', 'RotateKeyDialog: Rotate …', key, exactly('Rotate')),
    shows('key-rotated', 'RotateKeyDialog: New secret of …', key, async (page) => {
      await exactly('Rotate')(page);
      await inDialog(page, 'Create new secret');
      await dialogNamed(page, /^New secret/);
    }),
    shows('key-disable', 'KeyActions: Disable …?', key, openConfirmed(exactly('Disable'))),
    shows('key-revoke', 'KeyActions: Revoke …', key, button('Revoke…')),
  ];
}

function catalogueSights(ids: Ids): readonly Sight[] {
  const deployment = `/models/${ids.deploymentId}`;
  const group = `/route-groups/${ids.routeGroupId}`;
  return [
    shows('deployment-create', 'DeploymentDialog: Add deployment', '/models', button(/^(Add|Create) (deployment|model)/)),
    shows('deployment-edit', 'EditDeploymentDialog: Edit …', deployment, button(/^Edit/)),
    shows('deployment-bounds', 'EditDeploymentDialog: Edit …', deployment, async (page) => {
      await button(/^Edit/)(page);
      await button(/^Weight, priority/)(page);
    }),
    shows(
      'deployment-disable',
      'DeploymentActions: Disable this deployment of …?',
      deployment,
      openConfirmed(exactly('Disable')),
    ),
    shows('deployment-delete', 'DeploymentActions: Delete deployment', deployment, exactly('Delete')),
    shows('price-create', 'PriceDialog: New price of …', deployment, button('Add price version')),
    shows('price-units', 'PriceDialog: New price of …', deployment, async (page) => {
      await button('Add price version')(page);
      for (const name of [/^Searches, images/, 'Add context tier', 'Add service tier']) await inDialog(page, name);
    }),
    shows('model-routing', 'RoutingDialog: Routing of …', deployment, button('Routing and fallbacks')),
    shows('known-model', 'KnownModelDrawer', '/known-models?search=gpt-5-nano', async (page) => {
      await page.getByText('gpt-5-nano').first().click();
      await dialogNamed(page, 'gpt-5-nano');
    }),
    shows('price-list-import', 'ImportDialog: Import prices', '/known-models', importPrices),
    shows('price-list-delete', 'PriceLists: Delete price list', '/known-models?tab=lists', async (page, house) => {
      await house.api('POST', '/price-lists', { name: 'Looked at', version: '1', prices: {} });
      await page.reload();
      await button('Delete price list Looked at')(page);
    }),
    shows('known-model-deploy', 'DeploymentDialog: Add deployment', '/known-models?search=gpt-5-nano', async (page) => {
      await button('Add deployment of gpt-5-nano')(page);
      await dialogNamed(page, 'Add deployment');
    }),
    shows('credential-create', 'CredentialDialog: Add credential', '/credentials', button(/^(Add|Create) credential/)),
    shows('credential-cloud', 'CredentialDialog: Add credential', '/credentials', async (page) => {
      await button(/^(Add|Create) credential/)(page);
      await page.getByRole('dialog').getByRole('combobox', { name: 'Provider' }).click();
      await page.getByRole('option', { name: 'Amazon Bedrock' }).click();
    }),
    shows('credential-preset', 'CredentialDialog: Add credential', '/credentials', async (page) => {
      await button(/^(Add|Create) credential/)(page);
      await page.getByRole('dialog').getByRole('combobox', { name: 'Provider' }).click();
      await page.getByRole('option', { name: /^Cerebras/ }).click();
    }),
    shows(
      'credential-end-overlap',
      'CredentialsList: End the old secret',
      '/credentials',
      menuOf('Looked at', 'End the old secret'),
    ),
    shows('credential-edit', 'EditCredentialDialog: Edit …', '/credentials', menuOf('Looked at', /^Edit/)),
    shows('own-deployment-delete', 'OwnDeploymentsList: Delete deployment', '/organizations', openOwnDeployment('Delete')),
    shows('own-deployment-edit', 'EditDeploymentDialog: Edit …', '/organizations', openOwnDeployment('Edit')),
    shows('credential-delete', 'CredentialsList: Delete credential', '/credentials', menuOf('Looked at', 'Delete')),
    shows('preset-create', 'PresetDialog: Add preset', '/presets', button('Add preset')),
    shows('preset-edit', 'EditPresetDialog: Edit …', '/presets', menuOf('Looked at', 'Edit')),
    shows('preset-delete', 'PresetsPage: Delete preset', '/presets', menuOf('Looked at', 'Delete')),
    shows('route-group-create', 'CreateRouteGroup: Create route group', '/route-groups', button('Create route group')),
    shows('route-group-labels', 'LabelsDialog: Access groups of …', group, button('Access groups')),
    shows('route-group-fallbacks', 'FallbacksDialog: Fallbacks and sessions of …', group, exactly('Fallbacks and sessions')),
    shows('route-group-delete', 'RouteGroupPage: Delete route group', group, exactly('Delete')),
    shows(
      'policy-roll-back',
      'PolicyHistory: Roll back to version …',
      `/route-groups/${ids.publishedTwiceId}`,
      button(/^Roll back to/),
    ),
    shows('access-group-create', 'AccessGroupDialog: Create access group', '/access-groups', button('Create access group')),
    shows('access-group-edit', 'EditAccessGroupDialog: Edit …', '/access-groups/support', exactly('Edit')),
    shows('access-group-take', 'LabelledTargets: Remove … from …?', '/access-groups/support', button(/ from the group$/)),
    shows('access-group-delete', 'AccessGroupPage: Delete access group', '/access-groups/support', exactly('Delete')),
  ];
}

/** Opens the menu of an own deployment that was just made, in an organization of its own. */
function openOwnDeployment(item: string) {
  return async (page: Page, house: House) => {
    const name = `own-${Date.now()}`;
    const asset_access = { mode: 'all', targets: [], access_groups: [] };
    const { id } = await house.api<{ id: string }>('POST', '/organizations', { slug: name, name, asset_access });
    const at = `/organizations/${id}`;
    const credential = await house.api<{ id: string }>('POST', `${at}/own-credentials`, {
      ...{ name: 'own-account', provider: 'openai', api_key: 'sk-own-00001111' },
    });
    await house.api('POST', `${at}/own-deployments`, {
      ...{ model: 'smart', provider: 'openai', upstream_model: 'gpt-4o', credential_id: credential.id },
    });
    await page.goto(`${house.url}${at}?tab=providers`);
    await menuOf('smart', item)(page);
  };
}

/** A list with an entry of each outcome, chosen from a file. */
async function importPrices(page: Page): Promise<void> {
  const cost = { litellm_provider: 'openai', input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 };
  const list = {
    'house-a': cost,
    'house-b': { ...cost, input_cost_per_token: -1 },
    'groq/x': { ...cost, litellm_provider: 'groq' },
  };
  await button('Import prices')(page);
  const chooser = page.waitForEvent('filechooser');
  await inDialog(page, /^Choose a file/);
  await (await chooser).setFiles({
    name: 'prices.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(list)),
  });
  await page.getByRole('dialog').getByRole('textbox', { name: 'Version' }).fill('2026-03-10');
  await page.getByText('must not be negative').waitFor();
}

function settingsSights({ machine }: Ids): readonly Sight[] {
  const webhooks = '/settings?tab=webhooks';
  const tokens = '/settings?tab=tokens';
  const nightly = `${tokens}&search=Nightly%20deploy`;
  return [
    shows('webhook-create', 'WebhookDialogs: Create webhook', webhooks, button('Create webhook')),
    shows('webhook-edit', 'WebhookDialogs: Edit …', webhooks, menuOf('Operators', 'Edit')),
    shows('webhook-rotate', 'WebhooksList: A new secret for …', webhooks, menuOf('Operators', 'New secret')),
    shows('webhook-secret', 'WebhookDialogs: The webhook’s secret', webhooks, async (page) => {
      await menuOf('Operators', 'New secret')(page);
      await inDialog(page, 'Create new secret');
      await dialogNamed(page, /secret$/);
    }),
    shows('webhook-deliveries', 'Deliveries: Sent to …', webhooks, menuOf('Operators', 'Deliveries')),
    shows('webhook-delete', 'WebhooksList: Delete webhook', webhooks, menuOf('Operators', 'Delete')),
    shows('token-create', 'CreateToken: Create admin token', tokens, button('Create admin token')),
    shows('token-create-machine', 'CreateToken: Create admin token', tokens, openMachineToken, { who: 'org_owner' }),
    shows('token-created', 'AdminTokens: New admin token', tokens, openNewToken),
    shows('token-change', 'NarrowToken: Change admin token', nightly, menuOf('Nightly deploy', 'Change…')),
    shows('token-revoke', 'AdminTokens: Revoke admin token', nightly, menuOf('Nightly deploy', 'Revoke…')),
    shows('token-take-over', 'TakeOverToken: Take over admin token', tokens, (page, house) =>
      openStoppedToken(page, house, machine),
    ),
  ];
}

async function openMachineToken(page: Page): Promise<void> {
  await button('Create admin token')(page);
  await page.getByRole('combobox', { name: 'Belongs to' }).click();
  await page.getByRole('option', { name: 'A new service account' }).click();
}

async function openNewToken(page: Page): Promise<void> {
  await button('Create admin token')(page);
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name', exact: true }).fill('Looked at');
  await inDialog(page, 'Create admin token');
  await dialogNamed(page, 'New admin token');
}

/** A token that stopped because its responsible person was removed. */
async function openStoppedToken(page: Page, house: House, { name }: Ids['machine']): Promise<void> {
  const { organizationId: organization_id } = house;
  const person = await newcomer(house);
  const members = `/organizations/${organization_id}/members`;
  const { data } = await house.api<{ data: { id: string }[] }>('GET', `${members}?search=Somebody%20New&sort=-created_at`);
  await house.api('PATCH', `${members}/${data[0]?.id}`, { role: 'org_owner' });
  const body = { name: `${name} of somebody`, responsible_account_id: person.accountId };
  const made = await house.as('org_owner')<{ id: string }>('POST', `/organizations/${organization_id}/service-accounts`, body);
  const token = { name: `Left by ${name}`, role: 'org_auditor', organization_id, service_account_id: made.id };
  await house.as('org_owner')('POST', '/admin-tokens', token);
  await house.api('DELETE', `${members}/${data[0]?.id}`);
  await page.goto(`${house.url}/settings?tab=tokens&search=${encodeURIComponent(token.name)}`);
  await menuOf(token.name, 'Take over…')(page);
}
