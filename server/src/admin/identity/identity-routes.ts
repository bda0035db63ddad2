import type { RouteTable } from '../http/route.ts';
import * as ownLinks from '../session/own-links.ts';
import * as choice from '../sso/choice.ts';
import * as fromProvider from '../sso/from-provider.ts';
import * as sso from '../sso/sso.ts';
import * as mappings from './group-mappings.ts';
import * as links from './identity-links.ts';
import * as providers from './identity-providers.ts';
import * as keys from './provider-keys.ts';
import * as state from './provider-state.ts';
import * as test from './provider-test.ts';
import * as policy from './sign-in-policy.ts';
import * as signingKey from './signing-key.ts';

/** The routes of single sign-on: those of people and providers who come, and those of owners who set it up. */
export const IDENTITY_ROUTES: RouteTable = {
  'GET /session/providers': choice.list,
  'GET /session/identity-links': ownLinks.list,
  'DELETE /session/identity-links': ownLinks.remove,
  'GET /sso/:idp_id/start': sso.start,
  'POST /sso/:idp_id/link': sso.link,
  'GET /sso/:idp_id/callback': sso.callback,
  'POST /sso/:idp_id/acs': sso.acs,
  'GET /sso/:idp_id/finish': sso.finish,
  'GET /sso/:idp_id/test': sso.test,
  'GET /sso/:idp_id/metadata': fromProvider.metadata,
  'POST /sso/:idp_id/backchannel-logout': fromProvider.backchannelLogout,
  'GET /sso/:idp_id/logout': fromProvider.logout,

  'GET /organizations/:id/identity-providers': providers.list,
  'POST /organizations/:id/identity-providers': providers.create,
  'GET /organizations/:id/identity-providers/:idp_id': providers.read,
  'PATCH /organizations/:id/identity-providers/:idp_id': providers.update,
  'DELETE /organizations/:id/identity-providers/:idp_id': providers.remove,
  'POST /organizations/:id/identity-providers/:idp_id/test': test.start,
  'GET /organizations/:id/identity-providers/:idp_id/test-result': test.result,
  'POST /organizations/:id/identity-providers/:idp_id/activate': state.activate,
  'POST /organizations/:id/identity-providers/:idp_id/switch-off': state.switchOff,
  'GET /organizations/:id/identity-providers/:idp_id/keys': keys.list,
  'PUT /organizations/:id/identity-providers/:idp_id/keys': keys.replace,
  'GET /organizations/:id/identity-providers/:idp_id/signing-key': signingKey.list,
  'POST /organizations/:id/identity-providers/:idp_id/signing-key': signingKey.replace,
  'GET /organizations/:id/sign-in-policy': policy.read,
  'PUT /organizations/:id/sign-in-policy': policy.replace,
  'GET /organizations/:id/group-mappings': mappings.list,
  'POST /organizations/:id/group-mappings': mappings.create,
  'DELETE /organizations/:id/group-mappings/:mapping_id': mappings.remove,
  'GET /organizations/:id/identity-links': links.list,
  'DELETE /organizations/:id/identity-links': links.remove,
};
