/** One object of every kind that the path of a route names, for suites that ask every route. */
import type { TeamPlace } from '../support/tenants.ts';
import { type Client, must } from './support.ts';

/** What the platform holds once for all tenants. */
export interface Shared {
  readonly credentialId: string;
  readonly presetId: string;
  readonly deploymentId: string;
  readonly routeGroupId: string;
  readonly templateId: string;
  /** Somebody who belongs to no organization. */
  readonly strangerId: string;
}

/** The ids of one team, of what its organization holds, and of what all share. */
export interface Ground extends Shared {
  readonly organizationId: string;
  readonly teamId: string;
  readonly accountId: string;
  readonly memberId: string;
  readonly serviceAccountId: string;
  readonly keyId: string;
  readonly tokenId: string;
  readonly invitationId: string;
  readonly webhookId: string;
  readonly deliveryId: string;
  readonly alertId: string;
  readonly alertRuleId: string;
  readonly ownCredentialId: string;
  readonly ownDeploymentId: string;
  readonly mailId: string;
  readonly scimTokenId: string;
  readonly idpId: string;
  readonly mappingId: string;
  readonly issuerId: string;
  readonly trustRuleId: string;
}

const MODEL = 'ground-model';
const ACCESS_GROUP = 'ground-group';
const DOMAIN = 'ground.example.com';
const PRICE_LIST = 'ground-list';

/** Once for a database: what it makes has names of its own. */
export async function makeShared(root: Client): Promise<Shared> {
  const deployment = must(
    await root('POST', '/deployments', { model: MODEL, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' }),
  );
  const credential = must(
    await root('POST', '/credentials', { name: 'ground', provider: 'openai', api_key: 'sk-upstream-secret' }),
  );
  const preset = must(await root('POST', '/presets', presetBody('ground-preset')));
  must(await root('POST', '/access-groups', { key: ACCESS_GROUP, name: 'Ground' }));
  must(await root('POST', '/price-lists', { name: PRICE_LIST, version: '1', prices: {} }));
  const group = must(await root('POST', '/route-groups', { key: 'ground-route', members: [{ deployment_id: deployment.id }] }));
  const template = must(await root('POST', '/organization-templates', { name: 'Ground' }));
  const account = must(await root('POST', '/accounts', { email: 'stranger@example.com', name: 'Stranger' }));
  return {
    credentialId: credential.id,
    presetId: preset.id,
    deploymentId: deployment.id,
    routeGroupId: group.id,
    templateId: template.id,
    strangerId: account.id,
  };
}

/** A new kind of object gets its id here and its place in `idFor`. */
export async function makeGround(
  root: Client,
  { organizationId, teamId, serviceAccountId, developer }: TeamPlace,
  shared: Shared,
): Promise<Ground> {
  const token = must(await root('POST', '/admin-tokens', tokenBody(organizationId)));
  const invitation = must(await root('POST', '/invitations', invitationBody(organizationId, teamId)));
  const webhook = must(await root('POST', '/webhooks', webhookBody(organizationId)));
  const mail = must(await root('POST', `/organizations/${organizationId}/scheduled-mails`, mailBody()));
  const delivery = must(await root('POST', `/webhooks/${webhook.id}/test`));
  const rule = must(await root('POST', '/alert-rules', alertRuleBody(organizationId, [webhook.id])));
  const at = `/organizations/${organizationId}`;
  const scimToken = await scimTokenOf(root, at);
  // Two teams of one organization ask for it, and names are unique in it.
  const ownCredential = must(
    await root('POST', `${at}/own-credentials`, { name: `own ${teamId}`, provider: 'openai', api_key: 'sk-own-secret' }),
  );
  // Of the two teams of one organization, the second finds it there.
  await root('POST', `${at}/domains`, { domain: DOMAIN });
  const ownDeployment = must(
    await root('POST', `${at}/own-deployments`, {
      ...{ model: MODEL, provider: 'openai', upstream_model: 'own-model', credential_id: ownCredential.id },
    }),
  );
  // A gateway with its real protocols calls no provider at this address. There the ground has none.
  const provider = { name: 'Okta', protocol: 'oidc', config: { issuer: 'http://127.0.0.1:9' } };
  const idp = await root('POST', `${at}/identity-providers`, provider);
  const mapping = must(await root('POST', `${at}/group-mappings`, { source: 'scim', value: teamId, role: 'org_member' }));
  const issuer = must(await root('POST', `${at}/trusted-issuers`, trustedIssuerBody(teamId)));
  const trustRule = must(await root('POST', `${at}/trust-rules`, trustRuleBody(issuer.id, teamId)));
  return {
    ...shared,
    issuerId: issuer.id,
    trustRuleId: trustRule.id,
    ownCredentialId: ownCredential.id,
    ownDeploymentId: ownDeployment.id,
    organizationId,
    teamId,
    accountId: developer.accountId,
    memberId: developer.memberId,
    serviceAccountId,
    keyId: developer.key.id,
    tokenId: token.id,
    invitationId: invitation.id,
    webhookId: webhook.id,
    deliveryId: delivery.id,
    alertId: delivery.event_id,
    alertRuleId: rule.id,
    mailId: mail.id,
    scimTokenId: scimToken.id,
    idpId: idp.status === 201 ? idp.body.id : 'idp_none',
    mappingId: mapping.id,
  };
}

/** An organization has two active ones at most, and several grounds may be in it. */
async function scimTokenOf(root: Client, organization: string): Promise<{ readonly id: string }> {
  const { data } = must(await root('GET', `${organization}/scim-tokens`));
  return data[0] ?? must(await root('POST', `${organization}/scim-tokens`, { name: 'ground' }));
}

/** The id that stands in a path's place, or null where the ground holds nothing of the kind. */
export function idFor(pattern: string, parameter: string, ground: Ground): string | null {
  if (parameter === ':month') return '2026-03';
  if (parameter === ':member_id') return ground.memberId;
  if (parameter === ':token_id') return ground.scimTokenId;
  if (pattern.startsWith('/price-lists')) return PRICE_LIST;
  if (parameter === ':name') return pattern.startsWith('/jobs') ? 'proof' : MODEL;
  if (parameter === ':domain') return DOMAIN;
  if (parameter === ':key') return ACCESS_GROUP;
  if (parameter === ':delivery_id') return ground.deliveryId;
  if (parameter === ':idp_id') return ground.idpId;
  if (parameter === ':mapping_id') return ground.mappingId;
  if (parameter === ':issuer_id') return ground.issuerId;
  if (parameter === ':rule_id') return ground.trustRuleId;
  const byResource: Readonly<Record<string, string>> = {
    organizations: ground.organizationId,
    teams: ground.teamId,
    accounts: ground.strangerId,
    'service-accounts': ground.serviceAccountId,
    keys: ground.keyId,
    'admin-tokens': ground.tokenId,
    invitations: ground.invitationId,
    credentials: ground.credentialId,
    presets: ground.presetId,
    deployments: ground.deploymentId,
    'route-groups': ground.routeGroupId,
    'own-credentials': ground.ownCredentialId,
    'own-deployments': ground.ownDeploymentId,
    webhooks: ground.webhookId,
    'organization-templates': ground.templateId,
    alerts: ground.alertId,
    'alert-rules': ground.alertRuleId,
    'scheduled-mails': ground.mailId,
    prices: ground.deploymentId,
  };
  return byResource[pattern.split('/')[1] ?? ''] ?? null;
}

/** A public key of nobody. */
const KEY_SET = JSON.stringify({
  keys: [
    {
      ...{ kty: 'EC', crv: 'P-256', kid: 'ground', alg: 'ES256' },
      x: 'c7t6okKkBs7C1rdp6lSrBrYsC4mkh2Jx35hWU2ys7RQ',
      y: '_7fMBX33KRZ0ROkNfzmptzVplGtROLp-ooBuc8dHOiE',
    },
  ],
});

/** An issuer of its own for each name: an organization trusts each once. */
export function trustedIssuerBody(name: string): object {
  return { name: 'ground', issuer: `https://issuer.test/${name}`, key_source: 'pasted', pasted_keys: KEY_SET };
}

export function trustRuleBody(issuerId: string, teamId: string): object {
  const conditions = [{ claim: 'sub', match: 'equals', values: ['ground'] }];
  return { name: 'ground', issuer_id: issuerId, team_id: teamId, conditions };
}

export function tokenBody(organizationId: string): object {
  return { name: 'x', role: 'org_member', organization_id: organizationId };
}

export function webhookBody(organizationId: string): object {
  return { name: 'x', url: 'https://hooks.example/x', events: ['budget.threshold'], organization_id: organizationId };
}

export function alertRuleBody(organizationId: string, webhookIds: readonly string[]): object {
  return { name: 'x', kind: 'error_rate', webhook_ids: webhookIds, organization_id: organizationId };
}

export function presetBody(id: string): object {
  return { id, name: id, base_url: 'https://llm.example/v1', auth: 'bearer', wires: { 'openai-chat': '/chat/completions' } };
}

/** A mail to nobody. */
export function mailBody(): object {
  return { name: 'x', every: 'week', day: 1, hour: 8, form: 'csv', recipients: [] };
}

export function invitationBody(organizationId: string, teamId: string): object {
  return { email: `${teamId}@example.com`, role: 'org_member', organization_id: organizationId };
}

export function priceBody({ deploymentId }: Shared): object {
  return { deployment_id: deploymentId, prices: { input_per_million: '1' } };
}
