/** The dialogs of workload identity, and what they are about. */
import { trustedIssuerBody, trustRuleBody } from '../../server/test/admin/ground.ts';
import type { Sight } from './sight.ts';
import { button, menuOf } from './sight-steps.ts';
import type { House } from './support.ts';

const ISSUER = 'Build cluster';
const RULE = 'Nightly evaluation';

/** An issuer and a rule, so that no list is empty. */
export async function makeWorkloads({ api, organizationId, teamId }: House): Promise<void> {
  const at = `/organizations/${organizationId}`;
  const issuer = await api<{ id: string }>('POST', `${at}/trusted-issuers`, { ...trustedIssuerBody('sights'), name: ISSUER });
  await api('POST', `${at}/trust-rules`, { ...trustRuleBody(issuer.id, teamId), name: RULE });
}

export function workloadSights(organizationId: string): readonly Sight[] {
  const rules = `/organizations/${organizationId}/workloads`;
  const issuers = `${rules}?tab=issuers`;
  return [
    { name: 'issuer-create', dialog: 'IssuerDialogs: Trust issuer', address: issuers, open: button('Trust issuer') },
    { name: 'issuer-edit', dialog: 'IssuerDialogs: Edit …', address: issuers, open: menuOf(ISSUER, 'Edit…') },
    { name: 'issuer-test', dialog: 'IssuerTest: Keys of …', address: issuers, open: menuOf(ISSUER, 'Test keys') },
    { name: 'issuer-delete', dialog: 'IssuersList: Delete …?', address: issuers, open: menuOf(ISSUER, 'Delete…') },
    { name: 'rule-create', dialog: 'TrustRuleDialogs: Create trust rule', address: rules, open: button('Create trust rule') },
    { name: 'rule-edit', dialog: 'TrustRuleDialogs: Edit …', address: rules, open: menuOf(RULE, 'Edit…') },
    { name: 'rule-keys', dialog: 'RuleKeys: Keys of …', address: rules, open: menuOf(RULE, 'Show keys') },
    { name: 'rule-delete', dialog: 'RulesList: Delete …?', address: rules, open: menuOf(RULE, 'Delete…') },
  ];
}
