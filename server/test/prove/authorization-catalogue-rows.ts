/** The rows of keys, admin tokens, audit events, the catalogue and access. */
import {
  accessGroupPath,
  at,
  credentialBody,
  credentialPath,
  deploymentBody,
  deploymentPath,
  keyPath,
  listedPath,
  machineToken,
  made,
  NOBODY,
  ofOrganization,
  organization,
  ownCredentialBody,
  ownCredentialPath,
  ownDeploymentBody,
  ownDeploymentPath,
  ownKey,
  presetBody,
  presetPath,
  routeGroupPath,
  targetPath,
  team,
  tokenBody,
  tokenPath,
} from './authorization-calls.ts';
import { AUDITED, type Row, row, TEAMS } from './authorization-rows.ts';
import {
  AUDITORS,
  EVERYONE,
  ORGANIZATION_AUDIT,
  ORGANIZATION_MANAGE,
  ORGANIZATION_OWNERS,
  ORGANIZATION_READ,
  OWN_KEYS,
  PLATFORM_CHANGE,
  PLATFORM_GRANTS,
  PLATFORM_READ,
  TEAM_ADMINS,
  TEAM_READ,
  TEAM_SPEND,
  TOKEN_MANAGERS,
} from './authorization-table.ts';

export const catalogueRows: readonly Row[] = [
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
  row('GET /keys/:id/callable-targets', TEAM_READ, (asking) => keyPath(asking, '/callable-targets')),
  row('GET /keys/:id/limits/status', TEAM_SPEND, (asking) => keyPath(asking, '/limits/status')),
  row('GET /keys/:id/limits/stream', TEAM_SPEND, (asking) => keyPath(asking, '/limits/stream')),
  row('GET /keys/:id/limits/history', TEAM_SPEND, (asking) => keyPath(asking, '/limits/history')),

  row('GET /admin-tokens', TOKEN_MANAGERS, at('/admin-tokens')),
  row('POST /admin-tokens', ORGANIZATION_MANAGE, ({ world, place }) => made('/admin-tokens', tokenBody(world, place))),
  row('GET /admin-tokens/:id', ORGANIZATION_MANAGE, tokenPath),
  row('PATCH /admin-tokens/:id', ORGANIZATION_MANAGE, async (asking) => made(await tokenPath(asking), { name: 'renamed' })),
  row('DELETE /admin-tokens/:id', ORGANIZATION_MANAGE, tokenPath),
  row('POST /admin-tokens/:id/take-over', ORGANIZATION_OWNERS, machineToken),

  row('GET /organizations/:id/own-providers', ORGANIZATION_MANAGE, organization('/own-providers')),
  row(
    'PATCH /organizations/:id/own-providers',
    ORGANIZATION_MANAGE,
    organization('/own-providers', { own_deployments: 'own_first' }),
  ),
  row('GET /organizations/:id/own-credentials', ORGANIZATION_MANAGE, organization('/own-credentials')),
  row('GET /organizations/:id/own-presets', ORGANIZATION_MANAGE, organization('/own-presets')),
  row('POST /organizations/:id/own-credentials', ORGANIZATION_MANAGE, ({ world, place }) =>
    made(`/organizations/${world.organizationId(place)}/own-credentials`, ownCredentialBody(world)),
  ),
  row(
    'POST /organizations/:id/own-credentials/check',
    ORGANIZATION_MANAGE,
    organization('/own-credentials/check', { provider: 'openai', api_key: 'sk-x', base_url: 'https://nobody.invalid/v1' }),
  ),
  row('POST /own-credentials/:id/test', ORGANIZATION_MANAGE, (asking) => ownCredentialPath(asking, '/test')),
  row('GET /own-credentials/:id', ORGANIZATION_MANAGE, (asking) => ownCredentialPath(asking, '')),
  row('PATCH /own-credentials/:id', ORGANIZATION_MANAGE, async (asking) =>
    made(await ownCredentialPath(asking, ''), { name: asking.world.fresh() }),
  ),
  row('POST /own-credentials/:id/end-overlap', ORGANIZATION_MANAGE, (asking) => ownCredentialPath(asking, '/end-overlap')),
  row('DELETE /own-credentials/:id', ORGANIZATION_MANAGE, (asking) => ownCredentialPath(asking, '')),
  row('GET /organizations/:id/own-deployments', ORGANIZATION_MANAGE, organization('/own-deployments')),
  row('POST /organizations/:id/own-deployments', ORGANIZATION_MANAGE, async (asking) =>
    made(`/organizations/${asking.world.organizationId(asking.place)}/own-deployments`, await ownDeploymentBody(asking)),
  ),
  row('GET /own-deployments/:id', ORGANIZATION_MANAGE, (asking) => ownDeploymentPath(asking, '')),
  row('PATCH /own-deployments/:id', ORGANIZATION_MANAGE, async (asking) =>
    made(await ownDeploymentPath(asking, ''), { weight: 2 }),
  ),
  row('DELETE /own-deployments/:id', ORGANIZATION_MANAGE, (asking) => ownDeploymentPath(asking, '')),
  row('POST /own-deployments/:id/check', ORGANIZATION_MANAGE, (asking) => ownDeploymentPath(asking, '/check')),

  row('GET /audit-events', { own: 'y  y   3  3  3  3  3   3  3  3' }, at('/audit-events')),
  row('GET /organizations/:id/audit-events', ORGANIZATION_AUDIT, organization('/audit-events')),
  row('GET /audit-events/all', AUDITORS, at('/audit-events/all?limit=200&object_type=key&search=marker'), {
    sees: { marker: 'keyId', places: AUDITED },
  }),
  row('GET /audit-events/all', ORGANIZATION_AUDIT, ofOrganization('/audit-events/all'), { variant: 'of one organization' }),
  row('GET /audit-events/all/export', AUDITORS, at('/audit-events/all/export?object_type=key'), {
    sees: { marker: 'keyId', places: AUDITED },
  }),
  row('GET /audit-events/verify', ORGANIZATION_AUDIT, ofOrganization('/audit-events/verify')),
  row('GET /audit-events/export', ORGANIZATION_AUDIT, ofOrganization('/audit-events/export')),

  row('GET /credentials', PLATFORM_READ, at('/credentials')),
  row('POST /credentials', PLATFORM_CHANGE, ({ world }) => made('/credentials', credentialBody(world))),
  row('GET /credentials/:id', PLATFORM_READ, ({ world }) => credentialPath(world)),
  row('PATCH /credentials/:id', PLATFORM_CHANGE, async ({ world }) => made(await credentialPath(world), { name: world.fresh() })),
  row('POST /credentials/:id/end-overlap', PLATFORM_CHANGE, async ({ world }) =>
    made(`${await credentialPath(world)}/end-overlap`, {}),
  ),
  row('DELETE /credentials/:id', PLATFORM_CHANGE, ({ world }) => credentialPath(world)),
  row(
    'POST /credentials/check',
    PLATFORM_CHANGE,
    at('/credentials/check', { provider: 'openai', api_key: 'sk-x', base_url: NOBODY }),
  ),
  row('POST /credentials/:id/test', PLATFORM_CHANGE, async ({ world }) => `${await credentialPath(world)}/test`),
  row('GET /credentials/:id/models', PLATFORM_CHANGE, async ({ world }) => `${await credentialPath(world)}/models`),
  row('GET /credentials/:id/model-list', PLATFORM_READ, async ({ world }) => `${await credentialPath(world)}/model-list`),
  row('POST /credentials/:id/model-list', PLATFORM_CHANGE, async ({ world }) => `${await credentialPath(world)}/model-list`),
  row('GET /presets', PLATFORM_READ, at('/presets')),
  row('POST /presets', PLATFORM_CHANGE, ({ world }) => made('/presets', presetBody(world))),
  row('GET /presets/:id', PLATFORM_READ, ({ world }) => presetPath(world)),
  row('PATCH /presets/:id', PLATFORM_CHANGE, async ({ world }) => made(await presetPath(world), { name: 'Other' })),
  row('DELETE /presets/:id', PLATFORM_CHANGE, ({ world }) => presetPath(world)),
  row('GET /deployments', PLATFORM_READ, at('/deployments')),
  row('POST /deployments/check', PLATFORM_CHANGE, ({ world }) => made('/deployments/check', deploymentBody(world))),
  row('POST /deployments', PLATFORM_CHANGE, ({ world }) => made('/deployments', deploymentBody(world))),
  row('GET /deployments/:id', PLATFORM_READ, ({ world }) => deploymentPath(world, '')),
  row('PATCH /deployments/:id', PLATFORM_CHANGE, async ({ world }) => made(await deploymentPath(world, ''), { weight: 2 })),
  row('DELETE /deployments/:id', PLATFORM_CHANGE, ({ world }) => deploymentPath(world, '')),
  row('POST /deployments/:id/check', PLATFORM_CHANGE, ({ world }) => deploymentPath(world, '/check')),
  row('GET /known-models', PLATFORM_READ, at('/known-models')),
  row('GET /known-models/export', PLATFORM_READ, at('/known-models/export')),
  row('GET /price-lists', PLATFORM_READ, at('/price-lists')),
  // One name for all, as there may be few lists: an import takes the place of the one before.
  row('POST /price-lists', PLATFORM_CHANGE, at('/price-lists', priceListBody('imported'))),
  row('DELETE /price-lists/:name', PLATFORM_CHANGE, async ({ world }) => {
    const name = world.fresh();
    await world.root('POST', '/price-lists', priceListBody(name));
    return `/price-lists/${name}`;
  }),
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
  row('GET /access/who-can', EVERYONE, at('/access/who-can?permission=catalogue.manage')),
  row(
    'GET /access/who-can',
    ORGANIZATION_READ,
    ({ world, place }) => `/access/who-can?permission=teams.manage&organization_id=${world.organizationId(place)}`,
    { variant: 'in an organization' },
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
];

function priceListBody(name: string) {
  return { name, version: '1', prices: { 'gpt-x': { litellm_provider: 'openai', input_cost_per_token: 0.000001 } } };
}
