/** The dialogs of workload identity, and what they are about. */
import { trustedIssuerBody, trustRuleBody } from '../../server/test/admin/ground.ts';
import { newSigningKey, type SigningKey, signClaims } from '../../server/test/support/token-issuer.ts';
import type { Sight } from './sight.ts';
import { button, menuOf } from './sight-steps.ts';
import type { House, Page } from './support.ts';

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
    {
      name: 'workload-claims',
      address: `${rules}?tab=check`,
      open: (page) => page.getByText('Claims only', { exact: true }).click(),
    },
    { name: 'rule-delete', dialog: 'RulesList: Delete …?', address: rules, open: menuOf(RULE, 'Delete…') },
  ];
}

/** A rule that takes tokens with the `sub` job, of an issuer whose key the test has. */
export interface MadeTrust {
  readonly key: SigningKey;
  readonly issuerName: string;
  readonly rule: { readonly id: string; readonly name: string; readonly issuer_id: string };
}

export async function makeTrust(
  { api, organizationId, teamId }: House,
  name: string,
  { issuer = `https://${name}.test` }: { readonly issuer?: string } = {},
): Promise<MadeTrust> {
  const at = `/organizations/${organizationId}`;
  const key = await newSigningKey(name);
  const pasted_keys = JSON.stringify({ keys: [key.publicJwk] });
  const issuerName = `issuer of ${name}`;
  const trusted = await api<{ id: string }>('POST', `${at}/trusted-issuers`, {
    ...{ name: issuerName, issuer, key_source: 'pasted', pasted_keys },
  });
  const rule = await api<MadeTrust['rule']>('POST', `${at}/trust-rules`, {
    ...{ name: `rule of ${name}`, issuer_id: trusted.id, team_id: teamId },
    conditions: [{ claim: 'sub', match: 'equals', values: ['job'] }],
  });
  return { key, issuerName, rule };
}

/** Exchanges a token of these claims, on a gateway with a public URL. Returns the id of its key. */
export async function exchangeToken(house: House, key: SigningKey, claims: Readonly<Record<string, unknown>>): Promise<string> {
  const aud = `${house.url}/trust/${house.organizationId}`;
  const response = await fetch(`${house.url}/v1/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await signClaims(key, { aud, ...claims }),
    }),
  });
  const answer = (await response.json()) as { readonly key_id?: string };
  if (answer.key_id === undefined) throw new Error(`the exchange answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.key_id;
}

let looks = 0;

/** Makes a workload exchange a token, on a gateway with a public URL, and asks to forget its key. Each look has a rule of its own. */
export async function forgettingKey(page: Page, house: House): Promise<void> {
  looks += 1;
  const issuer = `https://forgetting-${looks}.test`;
  const { key, rule } = await makeTrust(house, `nightly jobs ${looks}`, { issuer });
  await exchangeToken(house, key, { iss: issuer, sub: 'job' });
  await page.goto(`${house.url}/organizations/${house.organizationId}/workloads`);
  await menuOf(rule.name, 'Show keys')(page);
  await button(`Forget ${rule.name}`)(page);
}
