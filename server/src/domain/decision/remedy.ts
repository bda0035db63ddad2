import type { Permission } from '../tenancy/permission.ts';
import type { Scope } from '../tenancy/tenancy.ts';
import type { DecisionBody, RuleBody } from './decision-view.ts';

export const REMEDY_ACTIONS = [
  'raise_limit',
  'raise_budget',
  'grant_model',
  'allow_model',
  'add_model',
  'set_price',
  'tag_deployment',
  'reactivate_organization',
  'enable_key',
  'extend_key',
] as const;

/** A change of the configuration that removes one cause of a refusal, and the permission that it needs. */
export interface Remedy {
  readonly action: (typeof REMEDY_ACTIONS)[number];
  /** The level of the object to change. `platform` is the catalogue. */
  readonly scope: Scope | 'platform';
  /** The id of the object to change. Null for the catalogue. */
  readonly scopeId: string | null;
  /** The field to change: `rate_limits.rpm`, `model_limits`, `budgets.bud_…`, `asset_access`. Null if there is no single one. */
  readonly field: string | null;
  readonly permission: Permission;
}

/** The part of a decision that names the causes of a refusal. */
type Refused = Pick<
  DecisionBody,
  'verdict' | 'code' | 'access' | 'rules' | 'organization_id' | 'team_id' | 'key_id' | 'member_id'
>;

/**
 * Returns the changes that a refused request needs: one for each rule that refused, with the rule that decided first. Empty if
 * the request was admitted, or if only the caller can change something, such as a body that is not valid. A tenant's decision
 * does not tell whether a model exists (`tenantsDecision`), so its remedy is the same in both cases.
 */
export function remediesOf(decision: Refused, reader: 'platform' | 'tenant'): readonly Remedy[] {
  if (decision.verdict !== 'refused') return [];
  const refusing = decision.rules.filter(({ verdict }) => verdict === 'refused');
  if (refusing.length > 0) return [...refusing].sort((a, b) => Number(b.deciding) - Number(a.deciding)).map(ofRule);
  return accessRemedies(decision, reader) ?? statusRemedies(decision);
}

const LIMITS: Readonly<Record<Scope, Permission>> = {
  organization: 'organizations.cap',
  team: 'team_limits.change',
  user: 'member_limits.change',
  key: 'key_limits.change',
};

function ofRule({ rule, scope, scope_id, limit, target }: RuleBody): Remedy {
  const at = { scope, scopeId: scope_id, permission: LIMITS[scope] };
  if (limit !== 'budget')
    return { ...at, action: 'raise_limit', field: target === null ? `rate_limits.${limit}` : 'model_limits' };
  const budgetId = /:(bud_\w+)$/.exec(rule)?.[1];
  return { ...at, action: 'raise_budget', field: budgetId === undefined ? 'budgets' : `budgets.${budgetId}` };
}

const ACCESS: Readonly<Record<Scope, Permission>> = {
  organization: 'organizations.cap',
  team: 'team_access.widen',
  user: 'member_limits.change',
  key: 'keys.manage',
};

/** Returns the level that must let the model pass. Null if access did not refuse the request. */
function accessRemedies(decision: Refused, reader: 'platform' | 'tenant'): readonly Remedy[] | null {
  const { access, organization_id, team_id, key_id, member_id } = decision;
  if (access === null || access.verdict === 'allowed') return null;
  const isUnknown = access.verdict === 'not_found' && access.steps.length === 0;
  if (isUnknown && reader === 'platform') return [ofCatalogue('add_model')];
  const scope = access.verdict === 'not_found' ? 'organization' : (access.removed_by ?? 'organization');
  const ids = { organization: organization_id, team: team_id, user: member_id, key: key_id };
  const action = scope === 'organization' ? 'grant_model' : 'allow_model';
  return [{ action, scope, scopeId: ids[scope], field: 'asset_access', permission: ACCESS[scope] }];
}

function ofCatalogue(action: 'add_model' | 'set_price' | 'tag_deployment'): Remedy {
  return { action, scope: 'platform', scopeId: null, field: null, permission: 'catalogue.manage' };
}

function statusRemedies({ code, organization_id, key_id }: Refused): readonly Remedy[] {
  const key = { scope: 'key', scopeId: key_id, permission: 'keys.manage' } as const;
  switch (code) {
    case 'organization_suspended':
    case 'organization_archived':
      return [
        {
          ...{ action: 'reactivate_organization', scope: 'organization', scopeId: organization_id },
          ...{ field: null, permission: 'organizations.lifecycle' },
        },
      ];
    case 'key_disabled':
      return [{ ...key, action: 'enable_key', field: null }];
    case 'api_key_expired':
      return [{ ...key, action: 'extend_key', field: 'expires_at' }];
    case 'model_not_priced':
    case 'unpriced_parameter':
      return [ofCatalogue('set_price')];
    case 'no_deployment_for_tags':
      return [ofCatalogue('tag_deployment')];
    default:
      return [];
  }
}
