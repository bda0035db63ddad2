/** The rows of the matrix: every admin route, who gets what answer, and a call of it whose only possible refusal is who makes it. */
import {
  type Asking,
  accessGroupPath,
  at,
  colleaguePath,
  credentialBody,
  credentialPath,
  deliveryPath,
  deploymentBody,
  deploymentPath,
  invitationBody,
  invitationPath,
  keyPath,
  listedPath,
  type Made,
  machineToken,
  made,
  memberPath,
  NOBODY,
  namesPath,
  narrowedTeam,
  newAccount,
  newMember,
  newTeamMember,
  ofOrganization,
  organization,
  ownKey,
  renamed,
  routeGroupPath,
  serviceAccountPath,
  targetPath,
  team,
  throwAway,
  tokenBody,
  tokenPath,
  unprovedAccount,
  webhookBody,
  webhookPath,
} from './authorization-calls.ts';
import {
  type Cells,
  EVERYONE,
  ORGANIZATION_AUDIT,
  ORGANIZATION_MANAGE,
  ORGANIZATION_OWNERS,
  ORGANIZATION_PEOPLE,
  ORGANIZATION_PLATFORM,
  ORGANIZATION_READ,
  ORGANIZATION_SPEND,
  ORGANIZATION_TOTALS,
  OWN_KEYS,
  PLATFORM_CHANGE,
  PLATFORM_GRANTS,
  PLATFORM_READ,
  type PlaceName,
  SPENDERS,
  TEAM_ADMINS,
  TEAM_MANAGE,
  TEAM_READ,
  TEAM_SPEND,
  TOKEN_MANAGERS,
} from './authorization-table.ts';
import type { Markers } from './authorization-world.ts';

export interface Row {
  readonly route: string;
  /** Which of several bodies, where a route guards its fields one by one. */
  readonly variant?: string;
  readonly cells: Cells;
  readonly make: (asking: Asking) => Made | Promise<Made>;
  /**
   * For lists, exports and streams: which places' markers each role sees, in the order of the roles; `-` is none. `within`: those of the call's
   * own organization or team alone, or the one object of a place that the call asks for.
   */
  readonly sees?: {
    readonly marker: keyof Markers;
    readonly places: string;
    readonly within?: 'its organization' | 'its team' | PlaceName;
  };
}

/** o the own team's, t another team's of the same organization, x another organization's. */
const ORGANIZATIONS = 'otx otx  ot ot ot ot ot  ot ot ot';
const TEAMS = 'otx otx  ot ot ot ot -  o o o';
const SPEND = 'otx otx  ot ot ot ot -  o - -';

const row = (route: string, cells: Cells, make: Row['make'], more: Partial<Row> = {}): Row => ({ route, cells, make, ...more });

/** The palette finds at most a few of a kind, so it is asked for one object by its id. */
function search(marker: keyof Markers, place: PlaceName): Row {
  return row('GET /search', EVERYONE, ({ world }) => `/search?q=${world.markers[place][marker]}`, {
    variant: `${marker} of ${place}`,
    sees: { marker, places: TEAMS, within: place },
  });
}

export const rows: readonly Row[] = [
  row('GET /organizations', EVERYONE, at('/organizations?limit=200'), {
    sees: { marker: 'organizationId', places: ORGANIZATIONS },
  }),
  row('GET /organizations/summary', EVERYONE, at('/organizations/summary')),
  row('GET /organizations/export', EVERYONE, at('/organizations/export'), {
    sees: { marker: 'organizationId', places: ORGANIZATIONS },
  }),
  row('POST /organizations', PLATFORM_CHANGE, ({ world }) => {
    const name = world.fresh();
    return made('/organizations', { slug: name, name });
  }),
  row('GET /organizations/:id', ORGANIZATION_READ, organization()),
  row('PATCH /organizations/:id', ORGANIZATION_MANAGE, renamed, { variant: 'name' }),
  row('PATCH /organizations/:id', ORGANIZATION_PLATFORM, organization('', { rate_limits: { rpm: 100_000 } }), {
    variant: 'limits',
  }),
  row('PATCH /organizations/:id', ORGANIZATION_OWNERS, organization('', { audit: { event_retention_days: 400 } }), {
    variant: 'audit policy',
  }),
  row('DELETE /organizations/:id', ORGANIZATION_PLATFORM, (asking) => throwAway(asking, 'archive', '')),
  row('POST /organizations/:id/suspend', ORGANIZATION_PLATFORM, (asking) => throwAway(asking, null, '/suspend')),
  row('POST /organizations/:id/reactivate', ORGANIZATION_PLATFORM, (asking) => throwAway(asking, 'suspend', '/reactivate')),
  row('POST /organizations/:id/archive', ORGANIZATION_PLATFORM, (asking) => throwAway(asking, null, '/archive')),
  row('GET /organizations/:id/asset-access', ORGANIZATION_READ, organization('/asset-access')),
  row('PUT /organizations/:id/asset-access', ORGANIZATION_PLATFORM, organization('/asset-access', { mode: 'all' })),
  row('GET /organizations/:id/effective-access', ORGANIZATION_READ, organization('/effective-access')),
  row('GET /organizations/:id/limits/status', ORGANIZATION_TOTALS, organization('/limits/status')),
  row('GET /organizations/:id/limits/stream', ORGANIZATION_TOTALS, organization('/limits/stream')),
  row('GET /organizations/:id/limits/history', ORGANIZATION_TOTALS, organization('/limits/history')),
  row('GET /organizations/:id/security', ORGANIZATION_AUDIT, organization('/security')),
  row('GET /organizations/:id/security/members', ORGANIZATION_AUDIT, organization('/security/members?finding=vouched_for')),
  row(
    'GET /organizations/:id/security/members/export',
    ORGANIZATION_AUDIT,
    organization('/security/members/export?finding=password_only'),
  ),
  row('GET /organizations/:id/security/admin-tokens', ORGANIZATION_AUDIT, organization('/security/admin-tokens')),
  row('GET /organizations/:id/security/upstreams', ORGANIZATION_AUDIT, organization('/security/upstreams')),

  row('GET /teams', EVERYONE, at('/teams?limit=200'), { sees: { marker: 'teamId', places: TEAMS } }),
  row('GET /organizations/:id/teams', ORGANIZATION_READ, organization('/teams?limit=200'), {
    sees: { marker: 'teamId', places: TEAMS, within: 'its organization' },
  }),
  row('POST /organizations/:id/teams', ORGANIZATION_MANAGE, organization('/teams', { name: 'New' })),
  row('GET /teams/:id', TEAM_READ, team()),
  row('PATCH /teams/:id', TEAM_MANAGE, team('', { name: 'Marker' }), { variant: 'name' }),
  row('PATCH /teams/:id', TEAM_MANAGE, team('', { rate_limits: { rpm: 100_000 } }), { variant: 'limits' }),
  row('PATCH /teams/:id', TEAM_ADMINS, narrowedTeam, { variant: 'narrowing' }),
  row('DELETE /teams/:id', TEAM_MANAGE, async ({ world, place }) => {
    return `/teams/${(await world.root('POST', `/organizations/${world.organizationId(place)}/teams`, { name: 'Gone soon' })).id}`;
  }),
  row('GET /teams/:id/limits/status', TEAM_SPEND, team('/limits/status')),
  row('GET /teams/:id/limits/stream', TEAM_SPEND, team('/limits/stream')),
  row('GET /teams/:id/limits/history', TEAM_SPEND, team('/limits/history')),
  row('GET /teams/:id/self-service', TEAM_READ, team('/self-service')),
  row('GET /teams/:id/members', TEAM_READ, team('/members?limit=200'), {
    sees: { marker: 'memberId', places: TEAMS, within: 'its team' },
  }),
  row('POST /teams/:id/members', TEAM_ADMINS, async (asking) => {
    const { accountId } = await newMember(asking);
    return made(`/teams/${asking.world.teamId(asking.place)}/members`, { account_id: accountId, role: 'team_viewer' });
  }),
  row('PATCH /teams/:id/members/:member_id', TEAM_ADMINS, async (asking) => {
    const { memberId } = await newTeamMember(asking);
    return made(`/teams/${asking.world.teamId(asking.place)}/members/${memberId}`, { role: 'team_developer' });
  }),
  row('DELETE /teams/:id/members/:member_id', TEAM_ADMINS, async (asking) => {
    return `/teams/${asking.world.teamId(asking.place)}/members/${(await newTeamMember(asking)).memberId}`;
  }),

  row('GET /organizations/:id/members', ORGANIZATION_READ, organization('/members?search=marker&limit=200'), {
    sees: { marker: 'memberId', places: TEAMS, within: 'its organization' },
  }),
  row('POST /organizations/:id/members', ORGANIZATION_MANAGE, async (asking) => {
    const accountId = await newAccount(asking.world);
    return made(`/organizations/${asking.world.organizationId(asking.place)}/members`, {
      account_id: accountId,
      role: 'org_member',
    });
  }),
  row('GET /organizations/:id/members/:member_id', ORGANIZATION_PEOPLE, (asking) => memberPath(asking, '')),
  row('GET /organizations/:id/members/:member_id', TEAM_READ, colleaguePath, { variant: 'who is in the team' }),
  row('PATCH /organizations/:id/members/:member_id', ORGANIZATION_MANAGE, async (asking) => {
    return made(await memberPath(asking, ''), { rate_limits: { rpm: 100 } });
  }),
  row('DELETE /organizations/:id/members/:member_id', ORGANIZATION_MANAGE, (asking) => memberPath(asking, '')),
  row('GET /organizations/:id/members/:member_id/limits/status', ORGANIZATION_TOTALS, (asking) =>
    memberPath(asking, '/limits/status'),
  ),
  row('GET /organizations/:id/members/:member_id/limits/history', ORGANIZATION_TOTALS, (asking) =>
    memberPath(asking, '/limits/history'),
  ),

  row('GET /accounts', PLATFORM_READ, at('/accounts')),
  row('POST /accounts', PLATFORM_CHANGE, ({ world }) =>
    made('/accounts', { email: `${world.fresh()}@headgate.test`, name: 'New' }),
  ),
  row('GET /accounts/:id', PLATFORM_READ, async ({ world }) => `/accounts/${await newAccount(world)}`),
  row('PATCH /accounts/:id', PLATFORM_CHANGE, async ({ world }) =>
    made(`/accounts/${await newAccount(world)}`, { name: 'Other' }),
  ),

  row('DELETE /accounts/:id/sessions', PLATFORM_CHANGE, async ({ world }) => `/accounts/${await newAccount(world)}/sessions`),
  row('POST /accounts/:id/reset-second-factor', PLATFORM_CHANGE, async ({ world }) => {
    return `/accounts/${await newAccount(world)}/reset-second-factor`;
  }),
  row(
    'POST /accounts/:id/password-reset',
    PLATFORM_CHANGE,
    async ({ world }) => `/accounts/${await newAccount(world)}/password-reset`,
  ),
  row('GET /accounts/:id/sign-in', PLATFORM_READ, async ({ world }) => `/accounts/${await newAccount(world)}/sign-in`),
  row('POST /accounts/:id/vouch', PLATFORM_CHANGE, async ({ world }) =>
    made(`/accounts/${await unprovedAccount(world)}/vouch`, { reason: 'met in person' }),
  ),
  row('GET /invitations', { own: 'y  y   y  y  3  3  3   3  3  3' }, at('/invitations')),
  row('POST /invitations', ORGANIZATION_MANAGE, ({ world, place }) => made('/invitations', invitationBody(world, place)), {
    variant: 'to an organization',
  }),
  row('POST /invitations', PLATFORM_CHANGE, ({ world }) => {
    return made('/invitations', { email: `${world.fresh()}@headgate.test`, organization_id: null, role: 'platform_auditor' });
  }),
  row('POST /invitations/:id/resend', ORGANIZATION_MANAGE, (asking) => invitationPath(asking, '/resend')),
  row('DELETE /invitations/:id', ORGANIZATION_MANAGE, (asking) => invitationPath(asking, '')),

  row('GET /service-accounts', EVERYONE, at('/service-accounts?limit=200'), {
    sees: { marker: 'serviceAccountId', places: TEAMS },
  }),
  row('GET /teams/:id/service-accounts', TEAM_READ, team('/service-accounts?search=marker&limit=200'), {
    sees: { marker: 'serviceAccountId', places: TEAMS, within: 'its team' },
  }),
  row('POST /service-accounts', PLATFORM_CHANGE, ({ world }) =>
    made('/service-accounts', { name: world.fresh(), responsible_account_id: world.people.platform_admin.accountId }),
  ),
  row('GET /service-accounts/platform', PLATFORM_CHANGE, at('/service-accounts/platform')),
  row('GET /organizations/:id/service-accounts', ORGANIZATION_MANAGE, organization('/service-accounts')),
  row('POST /organizations/:id/service-accounts', ORGANIZATION_MANAGE, async (asking) =>
    made(`/organizations/${asking.world.organizationId(asking.place)}/service-accounts`, {
      name: 'ops',
      responsible_account_id: (await newMember(asking)).accountId,
    }),
  ),
  row('POST /teams/:id/service-accounts', TEAM_MANAGE, team('/service-accounts', { name: 'ci' })),
  row('GET /service-accounts/:id', TEAM_READ, serviceAccountPath),
  row('PATCH /service-accounts/:id', TEAM_MANAGE, async (asking) => made(await serviceAccountPath(asking), { name: 'cd' })),
  row('DELETE /service-accounts/:id', TEAM_MANAGE, serviceAccountPath),

  row('GET /keys', EVERYONE, at('/keys?search=marker&limit=200'), { sees: { marker: 'keyId', places: TEAMS } }),
  row('GET /keys', EVERYONE, at('/keys?search=marker&limit=200'), {
    variant: 'of people',
    sees: { marker: 'ownKeyId', places: TEAMS },
  }),
  row('GET /keys/export', EVERYONE, at('/keys/export'), { sees: { marker: 'keyId', places: TEAMS } }),
  row('GET /organizations/:id/keys', ORGANIZATION_READ, organization('/keys?search=marker&limit=200'), {
    sees: { marker: 'keyId', places: TEAMS, within: 'its organization' },
  }),
  row('GET /teams/:id/keys', TEAM_READ, team('/keys?search=marker&limit=200'), {
    sees: { marker: 'keyId', places: TEAMS, within: 'its team' },
  }),
  row('POST /keys', TEAM_ADMINS, ({ world, place }) => made('/keys', { team_id: world.teamId(place), name: 'service' }), {
    variant: 'of a service account',
  }),
  row('POST /keys', OWN_KEYS, ownKey, { variant: 'of one’s own' }),
  row('GET /keys/:id', TEAM_READ, (asking) => keyPath(asking, '')),
  row('PATCH /keys/:id', TEAM_ADMINS, async (asking) => made(await keyPath(asking, ''), { name: 'renamed' })),
  row('DELETE /keys/:id', TEAM_ADMINS, (asking) => keyPath(asking, '')),
  row('POST /keys/:id/rotate', TEAM_ADMINS, async (asking) => made(await keyPath(asking, '/rotate'), { overlap_seconds: 0 })),
  row('POST /keys/:id/disable', TEAM_ADMINS, (asking) => keyPath(asking, '/disable')),
  row('POST /keys/:id/enable', TEAM_ADMINS, async (asking) => {
    const path = await keyPath(asking, '');
    await asking.world.root('POST', `${path}/disable`);
    return `${path}/enable`;
  }),
  row('GET /keys/:id/limits/status', TEAM_SPEND, (asking) => keyPath(asking, '/limits/status')),
  row('GET /keys/:id/limits/stream', TEAM_SPEND, (asking) => keyPath(asking, '/limits/stream')),
  row('GET /keys/:id/limits/history', TEAM_SPEND, (asking) => keyPath(asking, '/limits/history')),

  row('GET /admin-tokens', TOKEN_MANAGERS, at('/admin-tokens')),
  row('POST /admin-tokens', ORGANIZATION_MANAGE, ({ world, place }) => made('/admin-tokens', tokenBody(world, place))),
  row('GET /admin-tokens/:id', ORGANIZATION_MANAGE, tokenPath),
  row('PATCH /admin-tokens/:id', ORGANIZATION_MANAGE, async (asking) => made(await tokenPath(asking), { name: 'renamed' })),
  row('DELETE /admin-tokens/:id', ORGANIZATION_MANAGE, tokenPath),
  row('POST /admin-tokens/:id/take-over', ORGANIZATION_OWNERS, machineToken),

  row('GET /audit-events', { own: 'y  y   3  3  3  3  3   3  3  3' }, at('/audit-events')),
  row('GET /organizations/:id/audit-events', ORGANIZATION_AUDIT, organization('/audit-events')),
  row('GET /audit-events/verify', ORGANIZATION_AUDIT, ofOrganization('/audit-events/verify')),
  row('GET /audit-events/export', ORGANIZATION_AUDIT, ofOrganization('/audit-events/export')),

  row('GET /credentials', PLATFORM_READ, at('/credentials')),
  row('POST /credentials', PLATFORM_CHANGE, ({ world }) => made('/credentials', credentialBody(world))),
  row('GET /credentials/:id', PLATFORM_READ, ({ world }) => credentialPath(world)),
  row('PATCH /credentials/:id', PLATFORM_CHANGE, async ({ world }) => made(await credentialPath(world), { name: world.fresh() })),
  row('DELETE /credentials/:id', PLATFORM_CHANGE, ({ world }) => credentialPath(world)),
  row(
    'POST /credentials/check',
    PLATFORM_CHANGE,
    at('/credentials/check', { provider: 'openai', api_key: 'sk-x', base_url: NOBODY }),
  ),
  row('GET /credentials/:id/models', PLATFORM_CHANGE, async ({ world }) => `${await credentialPath(world)}/models`),
  row('GET /deployments', PLATFORM_READ, at('/deployments')),
  row('POST /deployments/check', PLATFORM_CHANGE, ({ world }) => made('/deployments/check', deploymentBody(world))),
  row('POST /deployments', PLATFORM_CHANGE, ({ world }) => made('/deployments', deploymentBody(world))),
  row('GET /deployments/:id', PLATFORM_READ, ({ world }) => deploymentPath(world, '')),
  row('PATCH /deployments/:id', PLATFORM_CHANGE, async ({ world }) => made(await deploymentPath(world, ''), { weight: 2 })),
  row('DELETE /deployments/:id', PLATFORM_CHANGE, ({ world }) => deploymentPath(world, '')),
  row('POST /deployments/:id/check', PLATFORM_CHANGE, ({ world }) => deploymentPath(world, '/check')),
  row('GET /prices', PLATFORM_READ, at('/prices')),
  row('POST /prices', PLATFORM_CHANGE, async ({ world }) => {
    const { id } = await world.root('POST', '/deployments', deploymentBody(world));
    return made('/prices', { deployment_id: id, prices: { input_per_million: '1' } });
  }),
  row('GET /prices/suggest', PLATFORM_READ, at('/prices/suggest?provider=openai&upstream_model=gpt-4o')),
  row('GET /prices/proposals', PLATFORM_READ, at('/prices/proposals')),
  row('POST /prices/proposals/:id/adopt', PLATFORM_CHANGE, (asking) => listedPath(asking, '/adopt')),
  row('POST /prices/proposals/:id/dismiss', PLATFORM_CHANGE, (asking) => listedPath(asking, '/dismiss')),
  row('GET /models', PLATFORM_READ, at('/models')),
  row('GET /models/:name', PLATFORM_READ, ({ world }) => `/models/${world.model}`),
  row('PATCH /models/:name', PLATFORM_CHANGE, ({ world }) => made(`/models/${world.model}`, { fallbacks: [] })),
  row('GET /route-groups', PLATFORM_READ, at('/route-groups')),
  row('POST /route-groups', PLATFORM_CHANGE, ({ world }) => made('/route-groups', { key: world.fresh(), members: [] })),
  row('GET /route-groups/:id', PLATFORM_READ, ({ world }) => routeGroupPath(world, '')),
  row('PATCH /route-groups/:id', PLATFORM_CHANGE, async ({ world }) => made(await routeGroupPath(world, ''), { fallbacks: [] })),
  row('DELETE /route-groups/:id', PLATFORM_CHANGE, ({ world }) => routeGroupPath(world, '')),
  row('GET /route-groups/:id/members', PLATFORM_READ, ({ world }) => routeGroupPath(world, '/members')),
  row('GET /route-groups/:id/policy', PLATFORM_READ, ({ world }) => routeGroupPath(world, '/policy')),
  row('POST /route-groups/:id/policy/simulate', PLATFORM_READ, async ({ world }) =>
    made(await routeGroupPath(world, '/policy/simulate'), { strategy: 'weighted', members: [], requests: 1 }),
  ),
  row('POST /route-groups/:id/policy/publish', PLATFORM_CHANGE, async ({ world }) =>
    made(await routeGroupPath(world, '/policy/publish'), { policy: { strategy: 'priority', members: [] } }),
  ),
  row('POST /route-groups/:id/policy/rollback', PLATFORM_CHANGE, async ({ world }) =>
    made(await routeGroupPath(world, '/policy/rollback'), { version: 1 }),
  ),
  row('PUT /route-groups/:id/members', PLATFORM_CHANGE, async ({ world }) => {
    return made(await routeGroupPath(world, '/members'), { members: [] });
  }),
  row('GET /callable-targets', EVERYONE, at('/callable-targets')),
  row('PUT /callable-targets/:name/access-groups', PLATFORM_CHANGE, ({ world }) => {
    return made(`/callable-targets/${world.model}/access-groups`, { access_groups: [] });
  }),
  row('GET /access-groups', PLATFORM_READ, at('/access-groups')),
  row('POST /access-groups', PLATFORM_CHANGE, ({ world }) => made('/access-groups', { key: world.fresh(), name: 'New' })),
  row('GET /access-groups/:key', PLATFORM_READ, ({ world }) => accessGroupPath(world)),
  row('PATCH /access-groups/:key', PLATFORM_CHANGE, async ({ world }) => made(await accessGroupPath(world), { name: 'Other' })),
  row('DELETE /access-groups/:key', PLATFORM_CHANGE, ({ world }) => accessGroupPath(world)),
  row('POST /access/preview', ORGANIZATION_READ, ({ world, place }) => {
    const body = { level: 'team', organization_id: world.organizationId(place), asset_access: { mode: 'inherit' } };
    return { path: '/access/preview', body };
  }),
  row(
    'POST /access/preview',
    PLATFORM_GRANTS,
    ({ world, place }) => {
      const body = { level: 'organization', organization_id: world.organizationId(place), asset_access: { mode: 'all' } };
      return { path: '/access/preview', body };
    },
    { variant: 'of grants' },
  ),
  row(
    'POST /access/preview',
    TEAM_READ,
    ({ world, place }) => {
      const { organizationId: organization_id, teamId: team_id, memberId: member_id } = world.markers[place];
      return {
        path: '/access/preview',
        body: { level: 'key', organization_id, team_id, member_id, asset_access: { mode: 'inherit' } },
      };
    },
    { variant: 'of a key' },
  ),
  row('GET /access/explain', TEAM_READ, ({ world, place }) => `/access/explain?key_id=${world.markers[place].keyId}`),
  ...(
    [
      ['teams', 'teamId'],
      ['members', 'memberId'],
      ['keys', 'keyId'],
    ] as const
  ).map(([level, marker]) =>
    row('GET /access/explain', ORGANIZATION_READ, targetPath(level), {
      variant: `${level} that can call a target`,
      sees: { marker, places: TEAMS, within: 'its organization' },
    }),
  ),

  row('GET /usage', SPENDERS, at('/usage?group_by=key'), { sees: { marker: 'keyId', places: SPEND } }),
  row('GET /usage/export', SPENDERS, at('/usage/export?group_by=key'), { sees: { marker: 'keyId', places: SPEND } }),
  row('GET /organizations/:id/usage', ORGANIZATION_SPEND, organization('/usage')),
  row('GET /requests', SPENDERS, at('/requests?limit=200'), { sees: { marker: 'requestId', places: SPEND } }),
  row('GET /requests/export', SPENDERS, at('/requests/export'), { sees: { marker: 'requestId', places: SPEND } }),
  row('GET /requests/stream', SPENDERS, at('/requests/stream')),
  row('GET /requests/:request_id', TEAM_SPEND, ({ world, place }) => `/requests/${world.markers[place].requestId}`),
  row('GET /decisions/:request_id', TEAM_SPEND, ({ world, place }) => `/decisions/${world.markers[place].requestId}`),

  row('GET /overview', SPENDERS, at('/overview')),
  ...(['teamId', 'memberId', 'keyId', 'ownKeyId'] as const).flatMap((marker) => [
    search(marker, 'own'),
    search(marker, 'team'),
    search(marker, 'other'),
  ]),
  row('GET /names', EVERYONE, ({ world }) => namesPath(world), { sees: { marker: 'keyId', places: TEAMS } }),
  row('POST /playground', TEAM_ADMINS, ({ world, place }) => {
    const messages = [{ role: 'user', content: 'Hi.' }];
    return made('/playground', { key_id: world.markers[place].keyId, model: world.model, messages });
  }),

  row('GET /alerts', SPENDERS, at('/alerts')),
  row('GET /webhooks', TOKEN_MANAGERS, at('/webhooks')),
  row('POST /webhooks', ORGANIZATION_MANAGE, ({ world, place }) => made('/webhooks', webhookBody(world, place))),
  row('GET /webhooks/:id', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '')),
  row('PATCH /webhooks/:id', ORGANIZATION_MANAGE, async (asking) =>
    made(await webhookPath(asking, ''), { name: asking.world.fresh() }),
  ),
  row('DELETE /webhooks/:id', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '')),
  row('POST /webhooks/:id/rotate', ORGANIZATION_MANAGE, async (asking) => made(await webhookPath(asking, '/rotate'), {})),
  row('POST /webhooks/:id/test', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '/test')),
  row('GET /webhooks/:id/deliveries', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '/deliveries')),
  row('POST /webhooks/:id/deliveries/:delivery_id/redeliver', ORGANIZATION_MANAGE, deliveryPath),
  row('GET /jobs', PLATFORM_READ, at('/jobs')),
  row('GET /jobs/drifts', PLATFORM_READ, at('/jobs/drifts')),
  row('GET /ledger/review', PLATFORM_READ, at('/ledger/review?since=2026-01-01T00:00:00Z')),
  row('POST /jobs/:name/run', PLATFORM_CHANGE, at('/jobs/partitions/run')),

  row('GET /health', PLATFORM_READ, at('/health')),
  row('GET /settings', PLATFORM_READ, at('/settings')),
];
