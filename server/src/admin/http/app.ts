import type { IncomingMessage, ServerResponse } from 'node:http';
import * as accessExplain from '../access/access-explain.ts';
import * as accessGroups from '../access/access-groups.ts';
import * as accessPreview from '../access/access-preview.ts';
import * as assetAccess from '../access/asset-access.ts';
import * as callableTargets from '../access/callable-targets.ts';
import * as roles from '../access/roles.ts';
import * as whoCan from '../access/who-can.ts';
import * as alertRules from '../alerts/alert-rules.ts';
import * as alerts from '../alerts/alerts.ts';
import * as sentAlerts from '../alerts/sent.ts';
import * as webhookDeliveries from '../alerts/webhook-deliveries.ts';
import * as webhooks from '../alerts/webhooks.ts';
import * as auditEvents from '../audit/audit-events.ts';
import * as auditEverywhere from '../audit/audit-everywhere.ts';
import { credentialRoutes } from '../catalogue/credential-routes.ts';
import * as deploymentCheck from '../catalogue/deployment-check.ts';
import * as deployments from '../catalogue/deployments.ts';
import * as knownModelExport from '../catalogue/known-model-export.ts';
import * as knownModels from '../catalogue/known-models.ts';
import * as models from '../catalogue/models.ts';
import * as playground from '../catalogue/playground.ts';
import * as presets from '../catalogue/presets.ts';
import * as priceLists from '../catalogue/price-lists.ts';
import * as priceProposals from '../catalogue/price-proposals.ts';
import * as prices from '../catalogue/prices.ts';
import * as routeGroupPolicy from '../catalogue/route-group-policy.ts';
import * as routeGroups from '../catalogue/route-groups.ts';
import { DIRECTORY_ROUTES } from '../directory/directory-routes.ts';
import { DOMAIN_ROUTES } from '../domains/domain-routes.ts';
import { FILE_ROUTES } from '../files/file-routes.ts';
import { noteReaders, orKnownReader } from '../guards/known-readers.ts';
import { mayReadPlatform } from '../guards/platform-reader.ts';
import { IDENTITY_ROUTES } from '../identity/identity-routes.ts';
import * as keyActions from '../keys/key-actions.ts';
import * as keyCreate from '../keys/key-create.ts';
import * as keyExport from '../keys/key-export.ts';
import * as keyTargets from '../keys/key-targets.ts';
import * as keys from '../keys/keys.ts';
import { LOGIN_ROUTES } from '../logins/login-routes.ts';
import * as bulkLimits from '../organizations/bulk-limits.ts';
import * as limitsHistory from '../organizations/limits-history.ts';
import * as limits from '../organizations/limits-status-route.ts';
import * as liveLimits from '../organizations/live-limits.ts';
import * as names from '../organizations/names.ts';
import * as cache from '../organizations/organization-cache.ts';
import * as organizationExport from '../organizations/organization-export.ts';
import * as lifecycle from '../organizations/organization-lifecycle.ts';
import * as organizationList from '../organizations/organization-list.ts';
import * as organizations from '../organizations/organizations.ts';
import * as overview from '../organizations/overview.ts';
import * as search from '../organizations/search.ts';
import * as ownCredentials from '../own-providers/own-credentials.ts';
import * as ownDeployments from '../own-providers/own-deployments.ts';
import * as ownPresets from '../own-providers/own-presets.ts';
import * as ownProviders from '../own-providers/own-providers.ts';
import * as accountAddress from '../people/account-address.ts';
import * as accounts from '../people/accounts.ts';
import * as invitationAccept from '../people/invitation-accept.ts';
import * as invitations from '../people/invitations.ts';
import * as memberCandidates from '../people/member-candidates.ts';
import * as memberRemoval from '../people/member-removal.ts';
import * as members from '../people/members.ts';
import * as jobs from '../platform/jobs.ts';
import * as gatewayProcess from '../platform/process.ts';
import * as liveRequests from '../requests/live-requests.ts';
import * as requestExport from '../requests/request-export.ts';
import * as requests from '../requests/requests.ts';
import * as savedViews from '../saved-views/saved-views.ts';
import * as scheduledMails from '../scheduled-mails/scheduled-mails.ts';
import * as security from '../security/security.ts';
import * as serviceAccounts from '../service-accounts/service-accounts.ts';
import * as session from '../session/session.ts';
import * as ownAccount from '../session/session-account.ts';
import * as firstAdmin from '../session/session-first-admin.ts';
import * as sessionList from '../session/session-list.ts';
import * as passkeys from '../session/session-passkeys.ts';
import * as passwordReset from '../session/session-password-reset.ts';
import * as secondFactor from '../session/session-second-factor.ts';
import * as statementExport from '../statements/statement-export.ts';
import * as statements from '../statements/statements.ts';
import { Listeners } from '../streams/listeners.ts';
import * as selfService from '../teams/self-service-route.ts';
import * as teamMembers from '../teams/team-members.ts';
import * as teams from '../teams/teams.ts';
import * as organizationTemplates from '../templates/organization-templates.ts';
import * as adminTokenChanges from '../tokens/admin-token-changes.ts';
import * as adminTokens from '../tokens/admin-tokens.ts';
import * as tokenAccounts from '../tokens/token-accounts.ts';
import { TRUST_ROUTES } from '../trust/trust-routes.ts';
import * as ledgerReview from '../usage/ledger-review.ts';
import * as mirrorCopies from '../usage/mirror-copies.ts';
import * as usage from '../usage/usage.ts';
import * as usageExport from '../usage/usage-export.ts';
import { type Authenticate, authenticateCaller } from './authenticate.ts';
import type { AdminDeps } from './deps.ts';
import { buildHttp } from './http.ts';
import { methodsOf } from './methods.ts';
import type { RouteTable } from './route.ts';

/** Every admin route, below /api/v1. */
export const ROUTES: RouteTable = {
  'GET /session': session.read,
  'DELETE /session': session.signOut,
  'POST /session/sign-in': session.signIn,
  'GET /session/first-admin': firstAdmin.check,
  'POST /session/first-admin': firstAdmin.create,
  'POST /session/second-factor': secondFactor.finish,
  'POST /session/passkey-options': passkeys.signInOptions,
  'POST /session/passkey': passkeys.signInWith,
  'POST /session/password-reset': passwordReset.request,
  'POST /session/password-reset/confirm': passwordReset.confirm,
  'PATCH /session/account': ownAccount.update,
  'POST /session/password': ownAccount.changePassword,
  'GET /session/sessions': sessionList.list,
  'DELETE /session/sessions': sessionList.endOthers,
  'DELETE /session/sessions/:session_id': sessionList.end,
  'POST /session/totp': secondFactor.begin,
  'POST /session/totp/confirm': secondFactor.confirm,
  'DELETE /session/totp': secondFactor.remove,
  'POST /session/recovery-codes': secondFactor.renewRecoveryCodes,
  'GET /session/passkeys': passkeys.list,
  'POST /session/passkeys/options': passkeys.createOptions,
  'POST /session/passkeys': passkeys.create,
  'DELETE /session/passkeys/:passkey_id': passkeys.remove,

  'GET /organizations': organizationList.list,
  'GET /organizations/summary': organizationList.summary,
  'GET /organizations/export': organizationExport.csv,
  'POST /organizations': organizations.create,
  'PATCH /organizations': bulkLimits.update,
  'GET /organizations/:id': organizations.read,
  'PATCH /organizations/:id': organizations.update,
  'DELETE /organizations/:id': lifecycle.remove,
  'POST /organizations/:id/suspend': lifecycle.suspend,
  'POST /organizations/:id/reactivate': lifecycle.reactivate,
  'POST /organizations/:id/archive': lifecycle.archive,
  'DELETE /organizations/:id/cache': cache.clear,

  'GET /organization-templates': organizationTemplates.list,
  'POST /organization-templates': organizationTemplates.create,
  'GET /organization-templates/:id': organizationTemplates.read,
  'PATCH /organization-templates/:id': organizationTemplates.update,
  'DELETE /organization-templates/:id': organizationTemplates.remove,

  'GET /organizations/:id/asset-access': assetAccess.read,
  'PUT /organizations/:id/asset-access': assetAccess.replace,
  'GET /organizations/:id/effective-access': assetAccess.effective,
  'GET /organizations/:id/limits/status': limits.ofOrganization,
  'GET /organizations/:id/limits/stream': liveLimits.ofOrganization,
  'GET /organizations/:id/limits/history': limitsHistory.ofOrganization,
  ...TRUST_ROUTES,
  'GET /organizations/:id/security': security.summary,
  'GET /organizations/:id/security/members': security.members,
  'GET /organizations/:id/security/members/export': security.exportMembers,
  'GET /organizations/:id/security/admin-tokens': security.tokens,
  'GET /organizations/:id/security/upstreams': security.upstreams,

  ...DOMAIN_ROUTES,

  ...DIRECTORY_ROUTES,
  'GET /teams': teams.list,
  'GET /organizations/:id/teams': teams.listOfOrganization,
  'POST /organizations/:id/teams': teams.create,
  'GET /teams/:id': teams.read,
  'PATCH /teams/:id': teams.update,
  'DELETE /teams/:id': teams.remove,
  'GET /teams/:id/limits/status': limits.ofTeam,
  'GET /teams/:id/limits/stream': liveLimits.ofTeam,
  'GET /teams/:id/limits/history': limitsHistory.ofTeam,
  'GET /teams/:id/self-service': selfService.read,
  'GET /teams/:id/members': teamMembers.list,
  'POST /teams/:id/members': teamMembers.create,
  'PATCH /teams/:id/members/:member_id': teamMembers.update,
  'DELETE /teams/:id/members/:member_id': teamMembers.remove,

  'GET /organizations/:id/members': members.list,
  'POST /organizations/:id/members': members.create,
  'GET /organizations/:id/member-candidates': memberCandidates.list,
  'GET /organizations/:id/members/:member_id': members.read,
  'PATCH /organizations/:id/members/:member_id': members.update,
  'DELETE /organizations/:id/members/:member_id': memberRemoval.remove,
  'GET /organizations/:id/members/:member_id/limits/status': limits.ofMember,
  'GET /organizations/:id/members/:member_id/limits/history': limitsHistory.ofMember,

  'GET /accounts': accounts.list,
  'POST /accounts': accounts.create,
  'GET /accounts/:id': accounts.read,
  'PATCH /accounts/:id': accounts.update,
  'DELETE /accounts/:id/sessions': accounts.signOutEverywhere,
  'POST /accounts/:id/reset-second-factor': accounts.resetSecondFactor,
  'POST /accounts/:id/password-reset': passwordReset.createLink,
  'GET /accounts/:id/sign-in': accountAddress.readSignIn,
  'POST /accounts/:id/vouch': accountAddress.vouch,

  'GET /invitations': invitations.list,
  'POST /invitations': invitations.create,
  'GET /invitations/lookup': invitationAccept.lookup,
  'POST /invitations/accept': invitationAccept.accept,
  'POST /invitations/:id/resend': invitations.resend,
  'DELETE /invitations/:id': invitations.cancel,

  'GET /service-accounts': serviceAccounts.list,
  'POST /service-accounts': tokenAccounts.createOfPlatform,
  'GET /service-accounts/platform': tokenAccounts.listOfPlatform,
  'GET /organizations/:id/service-accounts': tokenAccounts.listOfOrganization,
  'POST /organizations/:id/service-accounts': tokenAccounts.createOfOrganization,
  'GET /teams/:id/service-accounts': serviceAccounts.listOfTeam,
  'POST /teams/:id/service-accounts': serviceAccounts.create,
  'GET /service-accounts/:id': serviceAccounts.read,
  'PATCH /service-accounts/:id': serviceAccounts.update,
  'DELETE /service-accounts/:id': serviceAccounts.remove,

  'GET /keys': keys.list,
  'GET /keys/export': keyExport.csv,
  'GET /organizations/:id/keys': keys.listOfOrganization,
  'GET /teams/:id/keys': keys.listOfTeam,
  'POST /keys': keyCreate.create,
  'GET /keys/:id': keys.read,
  'PATCH /keys/:id': keys.update,
  'DELETE /keys/:id': keyActions.revoke,
  'POST /keys/:id/rotate': keyActions.rotate,
  'POST /keys/:id/disable': keyActions.disable,
  'POST /keys/:id/enable': keyActions.enable,
  'GET /keys/:id/callable-targets': keyTargets.list,
  'GET /keys/:id/limits/status': limits.ofKey,
  'GET /keys/:id/limits/stream': liveLimits.ofKey,
  'GET /keys/:id/limits/history': limitsHistory.ofKey,

  'GET /admin-tokens': adminTokens.list,
  'POST /admin-tokens': adminTokens.create,
  'GET /admin-tokens/:id': adminTokens.read,
  'PATCH /admin-tokens/:id': adminTokenChanges.update,
  'DELETE /admin-tokens/:id': adminTokens.revoke,
  'POST /admin-tokens/:id/take-over': adminTokenChanges.takeOver,

  'GET /audit-events': auditEvents.list,
  'GET /audit-events/all': auditEverywhere.list,
  'GET /audit-events/all/export': auditEverywhere.exportLines,
  'GET /organizations/:id/audit-events': auditEvents.listOfOrganization,
  'GET /audit-events/verify': auditEvents.verify,
  'GET /audit-events/export': auditEvents.exportLines,

  ...credentialRoutes,
  ...FILE_ROUTES,
  ...IDENTITY_ROUTES,
  ...LOGIN_ROUTES,
  'GET /organizations/:id/own-providers': ownProviders.read,
  'PATCH /organizations/:id/own-providers': ownProviders.update,
  'GET /organizations/:id/own-credentials': ownCredentials.list,
  'GET /organizations/:id/own-presets': ownPresets.list,
  'POST /organizations/:id/own-credentials': ownCredentials.create,
  'POST /organizations/:id/own-credentials/check': ownCredentials.check,
  'POST /own-credentials/:id/test': ownCredentials.test,
  'GET /own-credentials/:id': ownCredentials.read,
  'PATCH /own-credentials/:id': ownCredentials.update,
  'POST /own-credentials/:id/end-overlap': ownCredentials.endOverlap,
  'DELETE /own-credentials/:id': ownCredentials.remove,
  'GET /organizations/:id/own-deployments': ownDeployments.list,
  'POST /organizations/:id/own-deployments': ownDeployments.create,
  'GET /own-deployments/:id': ownDeployments.read,
  'PATCH /own-deployments/:id': ownDeployments.update,
  'DELETE /own-deployments/:id': ownDeployments.remove,
  'POST /own-deployments/:id/check': ownDeployments.check,
  'GET /deployments': deployments.list,
  'POST /deployments': deployments.create,
  'GET /deployments/:id': deployments.read,
  'PATCH /deployments/:id': deployments.update,
  'DELETE /deployments/:id': deployments.remove,
  'POST /deployments/check': deploymentCheck.checkUnsaved,
  'POST /deployments/:id/check': deploymentCheck.check,
  'GET /known-models': knownModels.list,
  'GET /known-models/export': knownModelExport.csv,
  'GET /price-lists': priceLists.list,
  'POST /price-lists': priceLists.create,
  'DELETE /price-lists/:name': priceLists.remove,
  'GET /prices': prices.list,
  'POST /prices': prices.create,
  'GET /prices/suggest': prices.suggest,
  'GET /prices/proposals': priceProposals.list,
  'POST /prices/proposals/:id/adopt': priceProposals.adopt,
  'POST /prices/proposals/:id/dismiss': priceProposals.dismiss,
  'GET /models': models.list,
  'GET /models/:name': models.read,
  'PATCH /models/:name': models.update,
  'GET /route-groups': routeGroups.list,
  'POST /route-groups': routeGroups.create,
  'GET /route-groups/:id': routeGroups.read,
  'PATCH /route-groups/:id': routeGroups.update,
  'DELETE /route-groups/:id': routeGroups.remove,
  'GET /route-groups/:id/members': routeGroups.readMembers,
  'PUT /route-groups/:id/members': routeGroups.replaceMembers,
  'GET /route-groups/:id/policy': routeGroupPolicy.read,
  'POST /route-groups/:id/policy/simulate': routeGroupPolicy.simulate,
  'POST /route-groups/:id/policy/publish': routeGroupPolicy.publish,
  'POST /route-groups/:id/policy/rollback': routeGroupPolicy.rollback,
  'GET /presets': presets.list,
  'POST /presets': presets.create,
  'GET /presets/:id': presets.read,
  'PATCH /presets/:id': presets.update,
  'DELETE /presets/:id': presets.remove,
  'GET /callable-targets': callableTargets.list,
  'PUT /callable-targets/:name/access-groups': callableTargets.replaceAccessGroups,
  'GET /access-groups': accessGroups.list,
  'POST /access-groups': accessGroups.create,
  'GET /access-groups/:key': accessGroups.read,
  'PATCH /access-groups/:key': accessGroups.update,
  'DELETE /access-groups/:key': accessGroups.remove,
  'GET /access/explain': accessExplain.explain,
  'GET /access/who-can': whoCan.read,
  'POST /access/preview': accessPreview.preview,
  'GET /roles': roles.read,
  'GET /names': names.list,
  'GET /usage': usage.read,
  'GET /usage/export': usageExport.exportFile,
  'GET /organizations/:id/usage': usage.readOfOrganization,
  'GET /organizations/:id/statements': statements.list,
  'GET /organizations/:id/statements/:month': statements.read,
  'GET /organizations/:id/statements/:month/export': statementExport.csv,
  'POST /playground': playground.call,
  'GET /ledger/review': ledgerReview.list,
  'GET /mirror-copies': mirrorCopies.list,
  'GET /overview': overview.read,
  'GET /search': search.list,
  'GET /requests': requests.list,
  'GET /requests/stream': liveRequests.stream,
  'GET /requests/export': requestExport.csv,
  'GET /requests/:request_id': requests.read,
  'GET /decisions/:request_id': requests.readDecision,

  'GET /saved-views': savedViews.list,
  'POST /saved-views': savedViews.create,
  'PATCH /saved-views/:id': savedViews.update,
  'DELETE /saved-views/:id': savedViews.remove,
  'GET /organizations/:id/scheduled-mails': scheduledMails.list,
  'POST /organizations/:id/scheduled-mails': scheduledMails.create,
  'PATCH /scheduled-mails/:id': scheduledMails.update,
  'DELETE /scheduled-mails/:id': scheduledMails.remove,
  'POST /scheduled-mails/:id/test': scheduledMails.test,

  'GET /alerts': alerts.list,
  'GET /alerts/:id/deliveries': sentAlerts.list,
  'GET /alert-rules': alertRules.list,
  'POST /alert-rules': alertRules.create,
  'GET /alert-rules/:id': alertRules.read,
  'PATCH /alert-rules/:id': alertRules.update,
  'DELETE /alert-rules/:id': alertRules.remove,
  'POST /alert-rules/:id/test': alertRules.test,
  'GET /webhooks': webhooks.list,
  'POST /webhooks': webhooks.create,
  'GET /webhooks/:id': webhooks.read,
  'PATCH /webhooks/:id': webhooks.update,
  'DELETE /webhooks/:id': webhooks.remove,
  'POST /webhooks/:id/rotate': webhooks.rotate,
  'POST /webhooks/:id/test': webhookDeliveries.test,
  'GET /webhooks/:id/deliveries': webhookDeliveries.list,
  'POST /webhooks/:id/deliveries/:delivery_id/redeliver': webhookDeliveries.redeliver,
  'GET /jobs': jobs.list,
  'POST /jobs/:name/run': jobs.runNow,
  'GET /jobs/drifts': jobs.listDrifts,

  'GET /health': gatewayProcess.health,
  'GET /settings': gatewayProcess.settings,
};

export interface AdminApp {
  /** Answers one request whose path begins with /api/. The listener is the data plane's. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Returns the methods of a path below /api; none if there is nothing at the path. */
  allowedAt(path: string): readonly string[];
  /** The OpenAPI 3.1 document, generated from the schemas that validate. */
  openapi(): object;
  /** Reports whether an `Authorization` header belongs to a caller who may read the platform. Used for the metrics. */
  mayReadMetrics(authorization: string | undefined): Promise<boolean>;
  /** Ends every event stream and accepts no more, so that the listener can close. Browsers reconnect by themselves. */
  endStreams(): void;
  close(): Promise<void>;
}

export interface AdminAppOptions {
  readonly routes?: RouteTable;
  /** Authenticates callers. If absent, by admin token or by session. */
  readonly authenticate?: Authenticate;
}

/** Creates the control plane's HTTP API. Rejects if a route declares no permission or no loader. */
export async function createAdminApp(deps: AdminDeps, options: AdminAppOptions = {}): Promise<AdminApp> {
  const authenticate = noteReaders(options.authenticate ?? authenticateCaller);
  const listeners = new Listeners();
  const http = await buildHttp(deps, options.routes ?? ROUTES, authenticate, listeners);
  return {
    handle: (request, response) => http.routing(request, response),
    allowedAt: methodsOf(options.routes ?? ROUTES),
    openapi: () => http.swagger(),
    mayReadMetrics: (authorization) => mayReadPlatform(deps, orKnownReader(authenticate), authorization),
    endStreams: () => listeners.endAll(),
    close: () => http.close(),
  };
}
