/** Every route of the admin API that changes something: what it can take away and how that is tried, or why it takes nothing. */
import type { World } from './preview-world.ts';

/** One change as it is sent; `dry_run=true` is added to its path for the announcement. */
export interface Sent {
  readonly path: string;
  readonly body?: object;
}

export interface PreviewRow {
  /** As `admin/http/app.ts` names it. */
  readonly route: string;
  readonly takes: string;
  /**
   * `effect`: a dry run answers the effect. `report`: it answers which keys are revoked, or how many. The page shows either before
   * it lets anybody confirm.
   */
  readonly says: 'effect' | 'report';
  /** Makes what is to be taken, and returns the change that takes it. */
  send(world: World): Promise<Sent> | Sent;
}

const effect = (route: string, takes: string, send: PreviewRow['send']): PreviewRow => ({ route, takes, says: 'effect', send });
const report = (route: string, takes: string, send: PreviewRow['send']): PreviewRow => ({ route, takes, says: 'report', send });

const organization = ({ tenant }: World) => `/organizations/${tenant.organizationId}`;
const team = ({ tenant }: World) => `/teams/${tenant.teamId}`;
const member = (world: World) => `${organization(world)}/members/${world.person.memberId}`;
const teamMember = (world: World) => `${team(world)}/members/${world.person.memberId}`;
const alphaAlone = ({ nameOf }: World) => ({ mode: 'selected', targets: [nameOf('alpha')], access_groups: [] });
const toAlpha = ({ nameOf }: World) => ({ mode: 'restrict', targets: [nameOf('alpha')] });

/** A blocking budget, under which a deployment without a price serves nobody. */
async function blocking(world: World): Promise<void> {
  const budgets = [{ amount: '100.00', period: 'month', action: 'block' }];
  await world.gateway.admin('PATCH', organization(world), { budgets });
}

async function disableAlpha({ gateway, deployments }: World): Promise<void> {
  await gateway.admin('PATCH', `/deployments/${deployments.alpha}`, { enabled: false });
}

async function emptyRouteGroup({ gateway, routeGroupId }: World): Promise<void> {
  await gateway.admin('PUT', `/route-groups/${routeGroupId}/members`, { members: [] });
}

export const TAKING: readonly PreviewRow[] = [
  effect('PATCH /organizations/:id', 'a grant of a group', (world) => ({
    path: organization(world),
    body: { asset_access: alphaAlone(world) },
  })),
  effect('PATCH /organizations/:id', 'a budget and a limit', async (world) => {
    await blocking(world);
    await world.gateway.admin('PATCH', organization(world), { rate_limits: { rpm: 1_000 } });
    return { path: organization(world), body: { budgets: [], rate_limits: { rpm: null } } };
  }),
  effect('PUT /organizations/:id/asset-access', 'every grant but one', (world) => ({
    path: `${organization(world)}/asset-access`,
    body: alphaAlone(world),
  })),
  effect('POST /organizations/:id/suspend', 'all calls', (world) => ({ path: `${organization(world)}/suspend` })),
  effect('POST /organizations/:id/archive', 'all calls', (world) => ({ path: `${organization(world)}/archive` })),
  report('DELETE /organizations/:id', 'an organization', async (world) => {
    await world.gateway.admin('POST', `${organization(world)}/archive`);
    return { path: organization(world) };
  }),
  effect('PATCH /teams/:id', 'the access of a team', (world) => ({ path: team(world), body: { asset_access: toAlpha(world) } })),
  effect('PATCH /teams/:id', 'all calls of a team', (world) => ({ path: team(world), body: { status: 'suspended' } })),
  report('DELETE /teams/:id', 'a team', (world) => ({ path: team(world) })),
  effect('PATCH /organizations/:id/members/:member_id', 'a role', (world) => ({
    path: member(world),
    body: { role: 'org_member' },
  })),
  effect('PATCH /organizations/:id/members/:member_id', 'a membership', (world) => ({
    path: member(world),
    body: { status: 'disabled' },
  })),
  effect('PATCH /organizations/:id/members/:member_id', 'the access of a person’s keys', (world) => ({
    path: member(world),
    body: { asset_access: toAlpha(world) },
  })),
  report('DELETE /organizations/:id/members/:member_id', 'a member', (world) => ({ path: member(world) })),
  effect('PATCH /teams/:id/members/:member_id', 'a role in a team', async (world) => {
    await world.gateway.admin('PATCH', member(world), { role: 'org_member' });
    return { path: teamMember(world), body: { role: 'team_viewer' } };
  }),
  report('DELETE /teams/:id/members/:member_id', 'a member of a team', (world) => ({ path: teamMember(world) })),
  effect('PATCH /keys/:id', 'the access of a key', (world) => ({
    path: `/keys/${world.keys.plain.id}`,
    body: { asset_access: toAlpha(world) },
  })),
  effect('PATCH /keys/:id', 'what another team cannot call', async (world) => {
    const { gateway, narrowTeamId, person, keys } = world;
    await gateway.admin('POST', `/teams/${narrowTeamId}/members`, { account_id: person.accountId, role: 'team_viewer' });
    return { path: `/keys/${keys.own.id}`, body: { team_id: narrowTeamId } };
  }),
  effect('POST /keys/:id/disable', 'a key', (world) => ({ path: `/keys/${world.keys.plain.id}/disable` })),
  effect('DELETE /keys/:id', 'a key', (world) => ({ path: `/keys/${world.keys.plain.id}` })),
  effect('PATCH /service-accounts/:id', 'the keys of a machine', (world) => ({
    path: `/service-accounts/${world.serviceAccountId}`,
    body: { status: 'disabled' },
  })),
  report('DELETE /service-accounts/:id', 'a machine', (world) => ({ path: `/service-accounts/${world.serviceAccountId}` })),
  effect('PATCH /accounts/:id', 'an account', (world) => ({
    path: `/accounts/${world.person.accountId}`,
    body: { status: 'disabled' },
  })),
  effect('PUT /callable-targets/:name/access-groups', 'a label', ({ nameOf }) => ({
    path: `/callable-targets/${nameOf('beta')}/access-groups`,
    body: { access_groups: [] },
  })),
  effect('DELETE /access-groups/:key', 'a group that nobody holds', async ({ gateway, nameOf }) => {
    await gateway.admin('PUT', `/callable-targets/${nameOf('alpha')}/access-groups`, { access_groups: [nameOf('unheld')] });
    return { path: `/access-groups/${nameOf('unheld')}` };
  }),
  effect('PATCH /deployments/:id', 'the only deployment of a model', ({ deployments }) => ({
    path: `/deployments/${deployments.alpha}`,
    body: { enabled: false },
  })),
  effect('PATCH /deployments/:id', 'a price under a blocking budget', async (world) => {
    await blocking(world);
    return { path: `/deployments/${world.deployments.alpha}`, body: { prices: null } };
  }),
  effect('DELETE /deployments/:id', 'a model', ({ deployments }) => ({ path: `/deployments/${deployments.beta}` })),
  effect('POST /prices', 'a price under a blocking budget', async (world) => {
    await blocking(world);
    return { path: '/prices', body: { deployment_id: world.deployments.beta, prices: null } };
  }),
  effect('PATCH /models/:name', 'a fallback that served', async (world) => {
    const { gateway, nameOf } = world;
    await gateway.admin('PATCH', `/models/${nameOf('alpha')}`, { fallbacks: [nameOf('beta')] });
    await disableAlpha(world);
    return { path: `/models/${nameOf('alpha')}`, body: { fallbacks: [] } };
  }),
  effect('PATCH /route-groups/:id', 'a fallback that served', async (world) => {
    const { gateway, routeGroupId, nameOf } = world;
    await gateway.admin('PATCH', `/route-groups/${routeGroupId}`, { fallbacks: [nameOf('beta')] });
    await disableAlpha(world);
    return { path: `/route-groups/${routeGroupId}`, body: { fallbacks: [] } };
  }),
  effect('PUT /route-groups/:id/members', 'the only member', ({ routeGroupId }) => ({
    path: `/route-groups/${routeGroupId}/members`,
    body: { members: [] },
  })),
  effect('POST /route-groups/:id/policy/publish', 'the only member', ({ routeGroupId }) => ({
    path: `/route-groups/${routeGroupId}/policy/publish`,
    body: { policy: { strategy: 'weighted', members: [] } },
  })),
  effect('POST /route-groups/:id/policy/rollback', 'a member that was added later', async (world) => {
    await emptyRouteGroup(world);
    const { gateway, routeGroupId, deployments } = world;
    const members = [{ deployment_id: deployments.alpha, weight: 1, priority: 0 }];
    await gateway.admin('PUT', `/route-groups/${routeGroupId}/members`, { members });
    return { path: `/route-groups/${routeGroupId}/policy/rollback`, body: { version: 2 } };
  }),
  effect('DELETE /route-groups/:id', 'a route group', ({ routeGroupId }) => ({ path: `/route-groups/${routeGroupId}` })),
];

const ADDS = 'adds something, and takes nothing from anybody';
const OWN = 'is about the caller’s own sign-in, which the page explains before it asks';
const READS = 'changes nothing that people or programs depend on';

/** Why each other route needs no announcement of its own. */
export const TAKING_NOTHING: Readonly<Record<string, string>> = {
  'POST /access-groups': ADDS,
  'PATCH /access-groups/:key': 'changes a name and a description',
  'POST /access/preview': READS,
  'POST /accounts': ADDS,
  'POST /accounts/:id/password-reset': 'makes a link; the old password works until it is used',
  'POST /accounts/:id/reset-second-factor': 'the page lists what stops working, which is everything of its kind',
  'DELETE /accounts/:id/sessions': 'ends sessions and no right: people sign in again as before',
  'POST /accounts/:id/vouch': ADDS,
  'POST /admin-tokens': ADDS,
  'PATCH /admin-tokens/:id': 'the dialog itself lists the permissions, organizations and networks that are left',
  'DELETE /admin-tokens/:id': 'takes one program’s token, which the page names',
  'POST /admin-tokens/:id/take-over': ADDS,
  'POST /credentials': ADDS,
  'POST /credentials/check': READS,
  'POST /credentials/:id/test': READS,
  'PATCH /credentials/:id': 'whether a provider takes a new key is known only to the provider: the dialog has a test call',
  'POST /credentials/:id/end-overlap':
    'whether a provider takes the newer secret is known only to the provider: the last check says so',
  'DELETE /credentials/:id': 'is refused while a deployment uses it',
  'DELETE /organizations/:id/cache': 'the dialog says it: requests are answered by a provider again, and new answers are kept',
  'POST /organizations/:id/batches/:batch_id/cancel':
    'the dialog says it: lines that the provider has answered stay charged, and the others are not sent',
  'DELETE /organizations/:id/files/:file_id':
    'the dialog says it: no access and no money changes, and a batch that still has to read the file fails',
  'POST /organizations/:id/identity-providers': ADDS,
  'PATCH /organizations/:id/identity-providers/:idp_id':
    'people sign in by the present configuration until a test of the new one passes; the dialog says so',
  'DELETE /organizations/:id/identity-providers/:idp_id': 'its own dry run counts the browsers that must sign in again',
  'POST /organizations/:id/identity-providers/:idp_id/test': READS,
  'POST /organizations/:id/identity-providers/:idp_id/activate': ADDS,
  'POST /organizations/:id/identity-providers/:idp_id/switch-off': 'its own dry run counts the browsers that must sign in again',
  'PUT /organizations/:id/identity-providers/:idp_id/keys': 'the page shows the fingerprint and the end of each key',
  'POST /organizations/:id/identity-providers/:idp_id/signing-key':
    'two steps: the present key signs until the provider has read the next one',
  'PUT /organizations/:id/sign-in-policy': 'its own dry run counts the members, and those who never came through a provider',
  'POST /organizations/:id/group-mappings': ADDS,
  'DELETE /organizations/:id/group-mappings/:mapping_id': 'the dialog says it: people lose the role at their next sign-in',
  'DELETE /organizations/:id/identity-links': 'takes one person’s link, which the page names; the account stays',
  'POST /sso/:idp_id/link': OWN,
  'POST /sso/:idp_id/acs': OWN,
  'POST /sso/:idp_id/backchannel-logout': 'the identity provider says who signed out there',
  'PATCH /organizations/:id/own-providers':
    'the page says what `own_only` means; what no own deployment serves is the organization’s own choice',
  'POST /organizations/:id/domains': ADDS,
  'POST /organizations/:id/domains/:domain/check': 'stores what the DNS says, which the daily check would find too',
  'DELETE /organizations/:id/domains/:domain':
    'takes nothing from anyone who is there: linked people stay. The dialog says that new people cannot come in',
  'POST /organizations/:id/own-credentials': ADDS,
  'POST /organizations/:id/own-credentials/check': READS,
  'POST /own-credentials/:id/test': READS,
  'PATCH /own-credentials/:id': 'whether a provider takes a new key is known only to the provider: the dialog has a test call',
  'POST /own-credentials/:id/end-overlap':
    'whether a provider takes the newer secret is known only to the provider: the last check says so',
  'DELETE /own-credentials/:id': 'is refused while an own deployment uses it',
  'POST /organizations/:id/own-deployments': ADDS,
  'PATCH /own-deployments/:id': 'changes only which upstream serves the organization’s own calls; access stays',
  'DELETE /own-deployments/:id':
    'the name stays callable; the platform’s deployments serve it, unless the organization forbids that',
  'POST /own-deployments/:id/check': READS,
  'POST /organizations/:id/trusted-issuers': ADDS,
  'PATCH /organizations/:id/trusted-issuers/:issuer_id':
    'ends short secrets alone: workloads that are still trusted get others at once, and the page says so',
  'DELETE /organizations/:id/trusted-issuers/:issuer_id':
    'the dialog says it: its rules go, and every key that they made is revoked',
  'POST /organizations/:id/trusted-issuers/:issuer_id/test': READS,
  'POST /organizations/:id/trust-rules': ADDS,
  'POST /organizations/:id/trust-rules/check': READS,
  'PATCH /organizations/:id/trust-rules/:rule_id':
    'ends short secrets alone: workloads that are still taken get others at once, and the check of a token shows who is not',
  'DELETE /organizations/:id/trust-rules/:rule_id': 'the dialog says it: every key that the rule made is revoked',
  'DELETE /organizations/:id/trust-rules/:rule_id/keys/:key_id': 'the next token of the same workload gets a new key',
  'POST /credentials/:id/model-list': READS,
  'POST /presets': ADDS,
  'PATCH /presets/:id': 'changes the form of requests to a vendor, which only the vendor judges: the dialog says what uses it',
  'DELETE /presets/:id': 'is refused while a credential or a deployment uses it',
  'POST /deployments': ADDS,
  'POST /deployments/check': READS,
  'POST /deployments/:id/check': READS,
  'POST /invitations': ADDS,
  'POST /invitations/accept': ADDS,
  'DELETE /invitations/:id': 'takes back what nobody has yet',
  'POST /invitations/:id/resend': READS,
  'POST /jobs/:name/run': READS,
  'POST /keys': ADDS,
  'POST /keys/:id/enable': ADDS,
  'POST /keys/:id/rotate': 'the key keeps its access; the dialog lets the person choose when the old secret ends',
  'POST /logins/authorize': ADDS,
  'POST /logins/device/lookup': READS,
  'POST /logins/device/approve': ADDS,
  'POST /logins/device/deny': 'refuses what nobody has yet',
  'DELETE /logins/:id': 'ends one login on one device; the dialog says that its tokens stop working',
  'PUT /organizations/:id/login-policy': 'applies to logins that begin later',
  'PUT /organizations/:id/managed-settings':
    'sets what Claude Code does on people’s machines; its own preview flags what runs programs',
  'DELETE /organizations/:id/managed-settings': 'ends rules of Claude Code; access to the gateway stays',
  'PUT /teams/:id/managed-settings': 'sets what Claude Code does on people’s machines; its own preview flags what runs programs',
  'DELETE /teams/:id/managed-settings': 'ends rules of Claude Code; access to the gateway stays',
  'POST /organizations': ADDS,
  'POST /organizations/:id/members': ADDS,
  'POST /organizations/:id/reactivate': ADDS,
  'POST /organizations/:id/service-accounts': ADDS,
  'POST /organizations/:id/teams': ADDS,
  'POST /playground': READS,
  'POST /price-lists': 'sets prices, and never removes one; its own dry run shows each entry and each deployment',
  'DELETE /price-lists/:name': 'prices that deployments took from it stay',
  'POST /prices/proposals/:id/adopt': 'sets a price, and never removes one',
  'POST /prices/proposals/:id/dismiss': READS,
  'POST /route-groups': ADDS,
  'POST /route-groups/:id/policy/simulate': READS,
  'POST /service-accounts': ADDS,
  'DELETE /session': OWN,
  'PATCH /session/account': 'changes a name',
  'POST /session/first-admin': ADDS,
  'POST /session/passkey': OWN,
  'POST /session/passkey-options': OWN,
  'POST /session/passkeys': OWN,
  'POST /session/passkeys/options': OWN,
  'DELETE /session/identity-links': OWN,
  'DELETE /session/passkeys/:passkey_id': OWN,
  'POST /session/password': OWN,
  'POST /session/password-reset': OWN,
  'POST /session/password-reset/confirm': OWN,
  'POST /session/recovery-codes': OWN,
  'POST /session/second-factor': OWN,
  'DELETE /session/sessions': OWN,
  'DELETE /session/sessions/:session_id': OWN,
  'POST /session/sign-in': OWN,
  'POST /session/totp': OWN,
  'DELETE /session/totp': OWN,
  'POST /session/totp/confirm': OWN,
  'POST /teams/:id/members': ADDS,
  'POST /teams/:id/service-accounts': ADDS,
  'POST /alert-rules': ADDS,
  'PATCH /organizations': 'the limits of several organizations; its own preview shows each change and who is over it',
  'POST /organization-templates': ADDS,
  'PATCH /organization-templates/:id': 'changes what later organizations begin with',
  'DELETE /organization-templates/:id': 'organizations that were made from it stay as they are',
  'PATCH /alert-rules/:id': 'changes who is told of what; the log of alerts stays',
  'DELETE /alert-rules/:id': 'ends notices; the log of alerts stays',
  'POST /alert-rules/:id/test': READS,
  'POST /saved-views': ADDS,
  'PATCH /saved-views/:id': 'changes a name and filters, which the console can undo',
  'DELETE /saved-views/:id': 'deletes a name for filters, which the console can undo',
  'POST /organizations/:id/scheduled-mails': ADDS,
  'PATCH /scheduled-mails/:id': 'changes which mails are sent; what they show stays in the console',
  'DELETE /scheduled-mails/:id': 'ends mails; what they show stays in the console',
  'POST /scheduled-mails/:id/test': READS,
  'POST /organizations/:id/scim-tokens': ADDS,
  'DELETE /organizations/:id/scim-tokens/:token_id':
    'ends the requests of an identity provider; people, groups and roles stay as they are, and the console says so before',
  'POST /webhooks': ADDS,
  'PATCH /webhooks/:id': 'changes where notices go; the log of alerts stays',
  'DELETE /webhooks/:id': 'ends notices; the log of alerts stays',
  'POST /webhooks/:id/deliveries/:delivery_id/redeliver': READS,
  'POST /webhooks/:id/rotate': 'changes the secret that signs notices, and shows the new one',
  'POST /webhooks/:id/test': READS,
};
