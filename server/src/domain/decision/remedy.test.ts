import { describe, expect, test } from 'vitest';
import type { AccessBody, RuleBody } from './decision-view.ts';
import { remediesOf } from './remedy.ts';

const IDS = { organization_id: 'org_1', team_id: 'team_1', key_id: 'key_1', member_id: 'mem_1' };
const REFUSED = { ...IDS, verdict: 'refused', code: 'rate_limit_exceeded', access: null, rules: [] } as const;

function rule(changes: Partial<RuleBody>): RuleBody {
  return {
    rule: 'team_rpm',
    scope: 'team',
    scope_id: 'team_1',
    limit: 'rpm',
    target: null,
    unit: 'requests',
    limit_value: 1,
    used: 1,
    settled: 1,
    over: 0,
    held: 0,
    remaining: 0,
    verdict: 'refused',
    retry_after_ms: 1_000,
    deciding: false,
    ...changes,
  };
}

function access(changes: Partial<AccessBody>): AccessBody {
  return { verdict: 'removed', removed_by: 'key', steps: [], ...changes };
}

describe('the remedies of a refusal', () => {
  test('are one for each rule that refused, the deciding rule first', () => {
    const rules = [
      rule({ rule: 'org_rpm', scope: 'organization', scope_id: 'org_1', verdict: 'passed' }),
      rule({}),
      rule({ rule: 'user_tpm:gpt-5*', scope: 'user', scope_id: 'mem_1', limit: 'tpm', target: 'gpt-5*' }),
      rule({ rule: 'key_budget_month:bud_7', scope: 'key', scope_id: 'key_1', limit: 'budget', deciding: true }),
    ];
    expect(remediesOf({ ...REFUSED, rules }, 'tenant')).toEqual([
      { action: 'raise_budget', scope: 'key', scopeId: 'key_1', field: 'budgets.bud_7', permission: 'key_limits.change' },
      { action: 'raise_limit', scope: 'team', scopeId: 'team_1', field: 'rate_limits.rpm', permission: 'team_limits.change' },
      { action: 'raise_limit', scope: 'user', scopeId: 'mem_1', field: 'model_limits', permission: 'member_limits.change' },
    ]);
  });

  test('name the level that does not let the model pass', () => {
    const of = (changes: Partial<AccessBody>) => remediesOf({ ...REFUSED, access: access(changes) }, 'platform');
    const field = 'asset_access';
    expect(of({ removed_by: 'team' })).toEqual([
      { action: 'allow_model', scope: 'team', scopeId: 'team_1', field, permission: 'team_access.widen' },
    ]);
    expect(of({ removed_by: 'key' })).toEqual([
      { action: 'allow_model', scope: 'key', scopeId: 'key_1', field, permission: 'keys.manage' },
    ]);
    const steps = [{ level: 'organization', through: null, access_group: null }] as const;
    expect(of({ verdict: 'not_found', removed_by: 'organization', steps })).toEqual([
      { action: 'grant_model', scope: 'organization', scopeId: 'org_1', field, permission: 'organizations.cap' },
    ]);
  });

  test('do not tell a tenant whether a model exists', () => {
    const unknown = { ...REFUSED, access: access({ verdict: 'not_found', removed_by: null, steps: [] }) };
    expect(remediesOf(unknown, 'platform').map(({ action }) => action)).toEqual(['add_model']);
    expect(remediesOf(unknown, 'tenant').map(({ action }) => action)).toEqual(['grant_model']);
  });

  test('are none for an admitted request, and for one that only its caller can correct', () => {
    expect(remediesOf({ ...REFUSED, verdict: 'admitted', rules: [rule({})] }, 'platform')).toEqual([]);
    expect(remediesOf({ ...REFUSED, code: 'invalid_request' }, 'platform')).toEqual([]);
    const expired = remediesOf({ ...REFUSED, code: 'api_key_expired' }, 'tenant');
    expect(expired).toMatchObject([{ action: 'extend_key', field: 'expires_at' }]);
  });
});
