/** Every page of the console, and its tabs, with something to see on each. */
import { playgroundSights } from './playground-sights.ts';
import type { Ids, Sight } from './sight.ts';
import type { House, Page } from './support.ts';
import { openVendor } from './vendor.ts';

const CONNECT = new URLSearchParams({
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  redirect_uri: 'http://127.0.0.1:43210/callback',
  device_name: 'ada-laptop',
  client_id: 'headgate-cli',
});

export function pageSights(ids: Ids): readonly Sight[] {
  const organization = `/organizations/${ids.organizationId}`;
  const tokens = '/settings?tab=tokens';
  const tabsOf = (name: string, address: string, tabs: string): readonly Sight[] =>
    tabs.split(' ').map((tab) => ({ name: `${name}-${tab}`, address: `${address}?tab=${tab}` }));
  return [
    { name: 'sign-in', address: '/sign-in', who: null },
    { name: 'reset-password', address: '/reset-password', who: null },
    { name: 'first-admin', address: '/first-admin?token=unknown', who: null },
    { name: 'invitation', address: '/invitation?token=unknown', who: null },
    { name: 'overview', address: '/' },
    { name: 'overview-developer', address: '/', who: 'team_developer' },
    { name: 'start', address: '/start' },
    { name: 'device', address: '/device' },
    { name: 'connect', address: `/connect?${CONNECT}` },
    { name: 'connect-incomplete', address: '/connect' },
    { name: 'missing', address: '/keys/key_nothing' },
    { name: 'organizations', address: '/organizations' },
    ...tabsOf('organization', organization, 'overview teams members keys logins access limits usage files audit security'),
    ...tabsOf('organization', organization, 'providers service-accounts webhooks settings sign-in'),
    { name: 'organization-owner', address: organization, who: 'org_owner' },
    { name: 'statement', address: `${organization}/statements` },
    { name: 'workloads', address: `${organization}/workloads` },
    ...tabsOf('workloads', `${organization}/workloads`, 'issuers check'),
    { name: 'teams', address: '/teams' },
    { name: 'team', address: `/teams/${ids.teamId}` },
    ...tabsOf('team', `/teams/${ids.teamId}`, 'members service-accounts keys logins'),
    { name: 'people', address: '/people' },
    ...tabsOf('people', '/people', 'invitations'),
    { name: 'people-owner', address: '/people', who: 'org_owner' },
    { name: 'account', address: `/people/${ids.accountId}` },
    { name: 'roles', address: '/roles' },
    { name: 'roles-of-one', address: '/roles?role=org_admin', who: 'org_member' },
    { name: 'keys', address: '/keys' },
    { name: 'key', address: `/keys/${ids.keyId}` },
    ...tabsOf('key', `/keys/${ids.keyId}`, 'access requests'),
    { name: 'key-tagged', address: `/keys/${ids.tagged.keyId}` },
    { name: 'access-explorer', address: `/access?key=${ids.keyId}` },
    { name: 'access-explorer-target', address: '/access?ask=target&target=smart&who=cannot' },
    { name: 'callable-models', address: `/callable-models?key_id=${ids.keyId}` },
    { name: 'models', address: '/models' },
    { name: 'models-passed-over', address: '/models?passed_over=true' },
    { name: 'deployment', address: `/models/${ids.deploymentId}` },
    { name: 'deployment-passed-over', address: `/models/${ids.tagged.deploymentId}` },
    { name: 'known-models', address: '/known-models' },
    { name: 'known-models-lists', address: '/known-models?tab=lists' },
    { name: 'known-models-vendors', address: '/known-models?tab=vendors', open: openVendorsList },
    { name: 'credentials', address: '/credentials' },
    { name: 'presets', address: '/presets' },
    { name: 'route-groups', address: '/route-groups' },
    { name: 'route-group', address: `/route-groups/${ids.routeGroupId}` },
    { name: 'access-groups', address: '/access-groups' },
    { name: 'access-group', address: '/access-groups/support' },
    { name: 'playground', address: '/playground' },
    {
      name: 'playground-wire',
      address: `/playground?key=${ids.tagged.keyId}&model=regional&dialect=messages&wire=on`,
      open: async (page) => {
        await page.getByLabel('More fields of the body').fill('{"top_k": 5}');
        await page.getByLabel('Message', { exact: true }).fill('Who is there?');
        await page.getByRole('button', { name: 'Send', exact: true }).click();
        await page.getByText(/^Left out of the request/).waitFor();
      },
    },
    ...playgroundSights(),
    { name: 'usage', address: '/usage?group_by=model' },
    { name: 'usage-by-tag', address: `/usage?group_by=tag&team_id=${ids.tagged.teamId}` },
    ...['end_user', 'session', 'client'].map((by) => ({ name: `usage-by-${by}`, address: `/usage?group_by=${by}` })),
    { name: 'usage-compared', address: '/usage?group_by=model&compare=on&range=this_month' },
    { name: 'requests', address: '/requests' },
    { name: 'request', address: `/requests/${ids.requestId}` },
    { name: 'request-tagged', address: `/requests/${ids.tagged.requestId}` },
    { name: 'request-refused', address: `/requests/${ids.refusedId}` },
    { name: 'request-failed', address: `/requests/${ids.failedId}` },
    { name: 'audit', address: '/audit' },
    { name: 'audit-platform', address: '/audit?scope=platform' },
    { name: 'settings', address: '/settings' },
    ...tabsOf('settings', '/settings', 'health jobs prices retention webhooks service-accounts tokens'),
    { name: 'settings-tokens-machine', address: `${tokens}&service_account_id=${ids.machine.accountId}` },
    { name: 'security', address: '/security', who: 'org_owner' },
    { name: 'security-people', address: '/security?show=password_only', who: 'org_auditor' },
    { name: 'security-platform', address: '/security' },
    { name: 'alerts', address: '/alerts' },
    { name: 'alert-rules', address: '/alerts?tab=rules' },
    { name: 'profile', address: '/profile' },
    { name: 'not-found', address: '/organizations/org_nothing' },
  ];
}

/** The list of a vendor that no longer has one of the models that are deployed. */
async function openVendorsList(page: Page, house: House): Promise<void> {
  const name = `compared-${Date.now()}`;
  const vendor = await openVendor(['gpt-5', 'gpt-5-nano', 'house-model']);
  const credential = { name, provider: 'openai', api_key: vendor.apiKey, base_url: vendor.baseUrl };
  const { id } = await house.api<{ id: string }>('POST', '/credentials', credential);
  for (const upstream_model of ['gpt-5', 'gpt-withdrawn'])
    await house.api('POST', '/deployments', {
      model: `${name}-${upstream_model}`,
      provider: 'openai',
      upstream_model,
      credential_id: id,
    });
  await house.api('POST', `/credentials/${id}/model-list`);
  vendor.close();
  await page.goto(`${house.url}/known-models?tab=vendors&credential=${id}`);
  await page.getByText('gpt-withdrawn').first().waitFor();
}
