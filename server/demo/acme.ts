/**
 * One demo organization as plain data. `npm start` creates it on an empty data directory, and tests and screenshots use it. Every
 * entry is a body of the admin API. Names in `$…` stand for the ids of earlier entries. Its models use the fake provider: no
 * network, no cost.
 */
const MILLION_PRICES = {
  small: { input_per_million: '0.05', cached_input_per_million: '0.005', output_per_million: '0.40' },
  large: { input_per_million: '1.25', cached_input_per_million: '0.125', output_per_million: '10.00' },
  embedding: { input_per_million: '0.02' },
} as const;

const fake = (model: string, upstream_model: string, prices: object, more: object = {}) => ({
  model,
  provider: 'fake',
  upstream_model,
  credential_id: null,
  mode: 'chat',
  prices,
  limits: { rpm: null, tpm: null },
  weight: 1,
  priority: 0,
  tags: ['demo'],
  max_output_tokens: 4096,
  timeout_ms: 60_000,
  ...more,
});

export const acme = {
  accessGroups: [
    { key: 'support', name: 'Support' },
    { key: 'beta', name: 'Beta' },
  ],
  deployments: {
    $fast: fake('fast', 'fake-small', MILLION_PRICES.small, { tags: ['demo', 'eu'] }),
    $fastSpare: fake('fast', 'fake-small', MILLION_PRICES.small, { tags: ['demo', 'us'], priority: 1 }),
    $smart: fake('smart', 'fake-large', MILLION_PRICES.large),
    $slow: fake('slow', 'fake-slow', MILLION_PRICES.small),
    $flaky: fake('flaky', 'fake-fails-once', MILLION_PRICES.small),
    $embed: fake('embed', 'fake-embedding', MILLION_PRICES.embedding, { mode: 'embedding', max_output_tokens: null }),
  },
  labels: { fast: ['support'], 'support-fast': ['support'], slow: ['beta'] },
  fallbacks: { smart: ['fast'] },
  routeGroups: [
    {
      key: 'support-fast',
      strategy: 'weighted',
      members: [
        { deployment_id: '$fast', weight: 3, priority: 0 },
        { deployment_id: '$fastSpare', weight: 1, priority: 0 },
      ],
      fallbacks: ['fast'],
    },
  ],
  accounts: {
    $ada: { email: 'ada@acme.test', name: 'Ada Lovelace' },
    $grace: { email: 'grace@acme.test', name: 'Grace Hopper' },
    $alan: { email: 'alan@acme.test', name: 'Alan Turing' },
  },
  organization: {
    slug: 'acme',
    name: 'Acme',
    time_zone: 'Europe/Paris',
    rate_limits: { rpm: 600, tpm: 200_000, rph: null, tph: null, rpd: 20_000, tpd: null, max_parallel: 50 },
    model_limits: [{ target: 'smart', rate_limits: { rpm: 60 } }],
    budgets: [{ amount: '100.00', period: 'month', anchor_day: 1, thresholds: [50, 80, 100], action: 'block' }],
    asset_access: { mode: 'selected', targets: ['smart', 'embed', 'flaky'], access_groups: ['support', 'beta'] },
    audit: { content: 'off' },
  },
  members: [
    { account: '$ada', role: 'org_owner' },
    { account: '$grace', role: 'org_admin' },
    { account: '$alan', role: 'org_member' },
  ],
  teams: [
    {
      name: 'Support',
      rate_limits: { rpm: 300 },
      budgets: [{ amount: '40.00', period: 'month', action: 'block' }],
      asset_access: { mode: 'restrict', targets: ['embed'], access_groups: ['support'] },
      members: [{ account: '$grace', role: 'team_admin' }],
      serviceAccounts: ['helpdesk'],
      keys: [{ name: 'helpdesk app', owner: 'helpdesk', rate_limits: { rpm: 120 } }],
    },
    {
      name: 'Research',
      rate_limits: { rpm: 200, tpm: 100_000 },
      budgets: [{ amount: '60.00', period: 'month', action: 'block' }],
      asset_access: { mode: 'inherit' },
      members: [{ account: '$alan', role: 'team_developer' }],
      serviceAccounts: ['notebooks'],
      keys: [
        {
          name: 'demo',
          owner: 'notebooks',
          rate_limits: { rpm: 60 },
          budgets: [{ amount: '5.00', period: 'day', action: 'block' }],
          shown: true,
        },
        { name: 'alan', owner: '$alan', rate_limits: { rpm: 30 } },
      ],
    },
  ],
} as const;
