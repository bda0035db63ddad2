import type { RouteTable } from '../http/route.ts';
import * as tokenCheck from './token-check.ts';
import * as trustRules from './trust-rules.ts';
import * as trustedIssuers from './trusted-issuers.ts';

/** The routes of workload identity. */
export const TRUST_ROUTES: RouteTable = {
  'GET /organizations/:id/trusted-issuers': trustedIssuers.list,
  'POST /organizations/:id/trusted-issuers': trustedIssuers.create,
  'GET /organizations/:id/trusted-issuers/:issuer_id': trustedIssuers.read,
  'PATCH /organizations/:id/trusted-issuers/:issuer_id': trustedIssuers.update,
  'DELETE /organizations/:id/trusted-issuers/:issuer_id': trustedIssuers.remove,
  'POST /organizations/:id/trusted-issuers/:issuer_id/test': trustedIssuers.test,
  'GET /organizations/:id/trust-rules': trustRules.list,
  'POST /organizations/:id/trust-rules': trustRules.create,
  'POST /organizations/:id/trust-rules/check': tokenCheck.check,
  'GET /organizations/:id/trust-rules/:rule_id': trustRules.read,
  'PATCH /organizations/:id/trust-rules/:rule_id': trustRules.update,
  'DELETE /organizations/:id/trust-rules/:rule_id': trustRules.remove,
  'GET /organizations/:id/trust-rules/:rule_id/keys': trustRules.listKeys,
  'DELETE /organizations/:id/trust-rules/:rule_id/keys/:key_id': trustRules.forgetKey,
};
