import type { Schema } from './schema.ts';

/** Examples of text by the name of its field: what its form alone would not tell. */

const HEX = '0198c6f2a1b27c3d8e9f0a1b2c3d4e5f';

/** The prefix of the ids of a resource, by the first part of its path. */
const PREFIXES: Readonly<Record<string, string>> = {
  organizations: 'org',
  'organization-templates': 'tpl',
  teams: 'team',
  accounts: 'acct',
  invitations: 'inv',
  'service-accounts': 'svc',
  keys: 'key',
  'admin-tokens': 'adm',
  'audit-events': 'evt',
  credentials: 'cred',
  deployments: 'dep',
  prices: 'price',
  'route-groups': 'rg',
  requests: 'req',
  decisions: 'req',
  'saved-views': 'view',
  'scheduled-mails': 'mail',
  alerts: 'evt',
  'alert-rules': 'rule',
  webhooks: 'hook',
};

/** The prefix of an id in a field, by the field’s name. */
const PREFIX_OF_FIELD: Readonly<Record<string, string>> = {
  organization_id: 'org',
  team_id: 'team',
  key_id: 'key',
  account_id: 'acct',
  responsible_account_id: 'acct',
  member_id: 'mem',
  service_account_id: 'svc',
  deployment_id: 'dep',
  credential_id: 'cred',
  request_id: 'req',
  webhook_id: 'hook',
  delivery_id: 'dlv',
  saved_view_id: 'view',
  template_id: 'tpl',
};

const TEXTS: Readonly<Record<string, string>> = {
  name: 'Acme',
  slug: 'acme',
  email: 'ada@acme.test',
  model: 'gpt-5-nano',
  target: 'gpt-5-nano',
  upstream_model: 'gpt-5-nano',
  key: 'support-fast',
  access_group: 'beta',
  time_zone: 'Europe/Paris',
  url: 'https://hooks.acme.test/headgate',
  month: '2026-03',
  domain: 'acme.com',
  secret: 'sk-hg-…',
  token: 'hgadm_…',
  provider: 'openai',
  code: '123456',
  password: 'correct horse battery 7',
  tag: 'eu',
  reason: 'Asked for in ticket 4711',
  network: '10.0.0.0/8',
  search: 'acme',
  q: 'acme',
};

const MONEY_FIELD = /(amount|spend|spent|held|remaining|cost|usd|_per_million|total)$/;

export function textExample(schema: Schema, name: string, resource: string): string {
  if (schema.format === 'date-time') return '2026-03-10T12:00:00.000Z';
  if (schema.format === 'date') return '2026-03-10';
  if (schema.format === 'uri') return 'https://acme.test/';
  if (schema.format === 'email') return 'ada@acme.test';
  if (name === 'id') return `${PREFIXES[resource] ?? 'org'}_${HEX}`;
  const prefix = PREFIX_OF_FIELD[name];
  if (prefix !== undefined) return `${prefix}_${HEX}`;
  if (name.endsWith('_id')) return `org_${HEX}`;
  const text = TEXTS[name] ?? (MONEY_FIELD.test(name) ? '12.50' : 'text');
  return text.padEnd(Number(schema.minLength ?? 0), 'x').slice(0, Number(schema.maxLength ?? Infinity));
}
