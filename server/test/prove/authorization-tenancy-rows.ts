/** The rows of organizations, teams, members, accounts, invitations and service accounts. */
import {
  accountInReach,
  at,
  colleaguePath,
  invitationBody,
  invitationPath,
  made,
  memberPath,
  narrowedTeam,
  newAccount,
  newcomer,
  newMember,
  newTeamMember,
  organization,
  renamed,
  serviceAccountPath,
  team,
  templatePath,
  throwAway,
  unprovedAccount,
} from './authorization-calls.ts';
import { ORGANIZATIONS, type Row, row, TEAMS } from './authorization-rows.ts';
import {
  EVERYONE,
  ORGANIZATION_AUDIT,
  ORGANIZATION_MANAGE,
  ORGANIZATION_OWNERS,
  ORGANIZATION_PEOPLE,
  ORGANIZATION_PLATFORM,
  ORGANIZATION_READ,
  ORGANIZATION_STRANGERS,
  ORGANIZATION_TOTALS,
  ORGANIZATIONS_PLATFORM,
  PLATFORM_CHANGE,
  PLATFORM_READ,
  TEAM_ADMINS,
  TEAM_MANAGE,
  TEAM_READ,
  TEAM_SPEND,
} from './authorization-table.ts';

export const tenancyRows: readonly Row[] = [
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
  row('PATCH /organizations', ORGANIZATIONS_PLATFORM, ({ world, place }) =>
    made('/organizations', { organizations: [{ id: world.organizationId(place) }], rate_limits: { rpm: 100_000 } }),
  ),
  row('GET /organization-templates', PLATFORM_READ, at('/organization-templates')),
  row('POST /organization-templates', PLATFORM_CHANGE, ({ world }) => made('/organization-templates', { name: world.fresh() })),
  row('GET /organization-templates/:id', PLATFORM_READ, ({ world }) => templatePath(world)),
  row('PATCH /organization-templates/:id', PLATFORM_CHANGE, async ({ world }) =>
    made(await templatePath(world), { description: world.fresh() }),
  ),
  row('DELETE /organization-templates/:id', PLATFORM_CHANGE, ({ world }) => templatePath(world)),
  row('GET /organizations/:id', ORGANIZATION_READ, organization()),
  row('PATCH /organizations/:id', ORGANIZATION_MANAGE, renamed, { variant: 'name' }),
  row('PATCH /organizations/:id', ORGANIZATION_PLATFORM, organization('', { rate_limits: { rpm: 100_000 } }), {
    variant: 'limits',
  }),
  row('PATCH /organizations/:id', ORGANIZATION_OWNERS, organization('', { responses_storage: 'keep' }), {
    variant: 'storage of responses',
  }),
  row('PATCH /organizations/:id', ORGANIZATION_OWNERS, organization('', { responses_scope: 'key' }), {
    variant: 'scope of responses',
  }),
  row('PATCH /organizations/:id', ORGANIZATION_OWNERS, organization('', { cache_scope: 'team' }), {
    variant: 'exact cache',
  }),
  row('DELETE /organizations/:id/cache', ORGANIZATION_OWNERS, organization('/cache')),
  row('PATCH /organizations/:id', ORGANIZATION_OWNERS, organization('', { mirroring: 'allow' }), {
    variant: 'mirroring',
  }),
  row('PATCH /organizations/:id', ORGANIZATION_OWNERS, organization('', { end_users: 'off' }), {
    variant: 'storage of end users',
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
  row('GET /organizations/:id/login-policy', ORGANIZATION_READ, organization('/login-policy')),
  row('PUT /organizations/:id/login-policy', ORGANIZATION_OWNERS, organization('/login-policy', { logins: 'any' })),
  row('GET /organizations/:id/managed-settings', ORGANIZATION_READ, organization('/managed-settings')),
  row(
    'PUT /organizations/:id/managed-settings',
    ORGANIZATION_OWNERS,
    organization('/managed-settings', { settings: { model: 'fast' } }),
  ),
  row('DELETE /organizations/:id/managed-settings', ORGANIZATION_OWNERS, organization('/managed-settings')),
  row('GET /teams/:id/managed-settings', TEAM_READ, team('/managed-settings')),
  row('PUT /teams/:id/managed-settings', TEAM_MANAGE, team('/managed-settings', { settings: { model: 'fast' } })),
  row('DELETE /teams/:id/managed-settings', TEAM_MANAGE, team('/managed-settings')),
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
  row('POST /organizations/:id/members', ORGANIZATION_MANAGE, async (asking) => newcomer(asking, await accountInReach(asking))),
  row(
    'POST /organizations/:id/members',
    ORGANIZATION_STRANGERS,
    async (asking) => newcomer(asking, await newAccount(asking.world)),
    {
      variant: 'a stranger',
    },
  ),
  row('GET /organizations/:id/member-candidates', ORGANIZATION_MANAGE, organization('/member-candidates?limit=200')),
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
];
