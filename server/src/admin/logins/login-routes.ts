import type { RouteTable } from '../http/route.ts';
import * as approve from './login-approve.ts';
import * as policy from './login-policy.ts';
import * as logins from './logins.ts';
import * as managed from './managed-settings.ts';

/** Every route of logins and of the settings that they bring. */
export const LOGIN_ROUTES: RouteTable = {
  'GET /logins': logins.list,
  'DELETE /logins/:id': logins.end,
  'GET /logins/places': approve.places,
  'POST /logins/authorize': approve.authorize,
  'POST /logins/device/lookup': approve.lookup,
  'POST /logins/device/approve': approve.approve,
  'POST /logins/device/deny': approve.deny,
  'GET /organizations/:id/login-policy': policy.read,
  'PUT /organizations/:id/login-policy': policy.replace,
  'GET /organizations/:id/managed-settings': managed.readOrganization,
  'PUT /organizations/:id/managed-settings': managed.replaceOrganization,
  'DELETE /organizations/:id/managed-settings': managed.removeOrganization,
  'GET /teams/:id/managed-settings': managed.readTeam,
  'PUT /teams/:id/managed-settings': managed.replaceTeam,
  'DELETE /teams/:id/managed-settings': managed.removeTeam,
};
