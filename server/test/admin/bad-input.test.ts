/** Each faulty request gets its status and names its fault; nothing is stored of it. */
import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { freshSlug, makeTeam, must, withAdmin } from './support.ts';

const given = withDatabase();
const world = withAdmin(given);
let organizationId: string;
let teamId: string;

beforeAll(async () => {
  const { organization, team } = await makeTeam(world().root);
  organizationId = organization.id;
  teamId = team.id;
});

const RTL = '\u202e';
const budget = (more: object) => ({ budgets: [{ amount: '1', period: 'month', ...more }] });

/** What is sent, and the pointer of the fault; null: it is accepted. */
const ORGANIZATION_FIELDS: readonly (readonly [string, object, string | null])[] = [
  ['a name with a control character', { name: 'a\u0007b' }, '/name'],
  ['a name with a line break', { name: 'a\nb' }, '/name'],
  ['a name with a mark that turns the text', { name: `abc${RTL}gpj.exe` }, '/name'],
  ['a name of 10,000 characters', { name: 'x'.repeat(10_000) }, '/name'],
  ['an empty name', { name: '   ' }, '/name'],
  ['a name that is a number', { name: 5 }, '/name'],
  ['a name in another script', { name: 'Ελληνικά 東京 مرحبا' }, null],
  ['a slug with capitals', { slug: 'Acme' }, '/slug'],
  ['a slug like a path', { slug: '../etc' }, '/slug'],
  ['a slug of 64 characters', { slug: 'x'.repeat(64) }, '/slug'],
  ['an unknown time zone', { time_zone: 'Mars/Olympus' }, '/time_zone'],
  ['an offset in place of a zone', { time_zone: '+02:00' }, '/time_zone'],
  ['a zone at 45 minutes', { time_zone: 'Asia/Kathmandu' }, null],
  ['an unknown field', { owner: 'me' }, '/owner'],
  ['a field that is ours', { status: 'archived' }, '/status'],
  ['a version', { version: 7 }, '/version'],
  ['money with 12 decimals', budget({ amount: '1.123456789012' }), '/budgets/0/amount'],
  ['money with 9 decimals', budget({ amount: '1.123456789' }), null],
  ['negative money', budget({ amount: '-1' }), '/budgets/0/amount'],
  ['money with an exponent', budget({ amount: '1e3' }), '/budgets/0/amount'],
  ['money as a number', budget({ amount: 1 }), '/budgets/0/amount'],
  ['money with a separator', budget({ amount: '1,000' }), '/budgets/0/amount'],
  ['money above nine millions', budget({ amount: '9000000.01' }), '/budgets/0/amount'],
  ['a budget of 0', budget({ amount: '0' }), null],
  ['an unknown period', budget({ period: 'fortnight' }), '/budgets/0/period'],
  ['a week’s anchor of 8', budget({ period: 'week', anchor_day: 8 }), '/budgets/0/anchor_day'],
  ['a month’s anchor of 31', budget({ anchor_day: 31 }), null],
  ['a month’s anchor of 32', budget({ anchor_day: 32 }), '/budgets/0/anchor_day'],
  ['a quarter’s anchor month of 4', budget({ period: 'quarter', anchor_month: 4 }), '/budgets/0/anchor_month'],
  ['an anchor of a day', budget({ period: 'day', anchor_day: 1 }), '/budgets/0/anchor_day'],
  ['a rolling budget without a length', budget({ period: 'rolling' }), '/budgets/0/hours'],
  ['a rolling budget with two lengths', budget({ period: 'rolling', hours: 1, days: 1 }), '/budgets/0/hours'],
  ['a rolling budget of 30 days', budget({ period: 'rolling', days: 30 }), null],
  ['a length of a month', budget({ days: 30 }), '/budgets/0/days'],
  ['a threshold of 0', budget({ thresholds: [0] }), '/budgets/0/thresholds/0'],
  ['a target and a group', budget({ target: 'a', access_group: 'b' }), '/budgets/0/access_group'],
  ['a target with spaces', budget({ target: 'a b' }), '/budgets/0/target'],
  ['a prefix', budget({ target: 'gpt-5*' }), null],
  ['a star in the middle', budget({ target: 'g*t' }), '/budgets/0/target'],
  ['51 budgets', { budgets: Array.from({ length: 51 }, () => ({ amount: '1', period: 'day' })) }, '/budgets'],
  ['a limit of 0', { rate_limits: { rpm: 0 } }, null],
  ['a negative limit', { rate_limits: { rpm: -1 } }, '/rate_limits/rpm'],
  ['half a request', { rate_limits: { rpm: 0.5 } }, '/rate_limits/rpm'],
  ['a limit above 2^53', { rate_limits: { tpm: 2 ** 53 } }, '/rate_limits/tpm'],
  ['a limit as text', { rate_limits: { tpm: '5' } }, '/rate_limits/tpm'],
  ['an unknown limit', { rate_limits: { rpx: 1 } }, '/rate_limits/rpx'],
  ['a limit of nothing', { model_limits: [{ rate_limits: { rpm: 1 } }] }, '/model_limits/0'],
  [
    'a limit of a target and a group',
    { model_limits: [{ target: 'a', access_group: 'b', rate_limits: { rpm: 1 } }] },
    '/model_limits/0',
  ],
  [
    'a target limited twice',
    {
      model_limits: [
        { target: 'a', rate_limits: {} },
        { target: 'a', rate_limits: {} },
      ],
    },
    '/model_limits',
  ],
  ['an unknown target', { asset_access: { mode: 'selected', targets: ['nothing-of-this-name'] } }, '/asset_access/targets/0'],
  ['a group without members', { asset_access: { mode: 'selected', targets: [], access_groups: ['later'] } }, null],
  ['a group with capitals', { asset_access: { mode: 'selected', access_groups: ['Beta'] } }, '/asset_access/access_groups/0'],
  ['everything and something', { asset_access: { mode: 'all', access_groups: ['beta'] } }, '/asset_access/mode'],
  ['metadata with NUL', { metadata: { a: ['x\0y'] } }, '/metadata'],
  ['metadata with half a character', { metadata: { a: '\ud83d' } }, '/metadata'],
  ['metadata of 20 KB', { metadata: { a: 'x'.repeat(20_000) } }, '/metadata'],
  ['a storage of responses that there is not', { responses_storage: 'forever' }, '/responses_storage'],
  ['a storage of responses that is null', { responses_storage: null }, '/responses_storage'],
  ['a scope of responses that there is not', { responses_scope: 'everybody' }, '/responses_scope'],
  ['a storage of end users that there is not', { end_users: 'sold' }, '/end_users'],
  ['a retention of 0 days', { audit: { content_retention_days: 0 } }, '/audit/content_retention_days'],
];

describe('an organization', () => {
  // promise: Counters are integers ≤ 2^53 − 1; a budget above 9,000,000
  // promise: Anchors: week `anchor_day` 1–7, month 1–31, quarter and year
  // promise: **`model_limits` and budget targets** carry exactly one of `target` (exact or `prefix*`)
  test.each(ORGANIZATION_FIELDS)('with %s', async (_what, fields, pointer) => {
    const { root } = world();
    const created = await root('POST', '/organizations', { slug: freshSlug(), name: 'Name', ...fields });
    expect([created.status, created.body.errors?.[0]?.pointer ?? null]).toEqual([pointer === null ? 201 : 400, pointer]);
    if (!('slug' in fields)) {
      const before = must(await root('GET', `/organizations/${organizationId}`));
      const patched = await root('PATCH', `/organizations/${organizationId}`, fields);
      expect([patched.status, patched.body.errors?.[0]?.pointer ?? null]).toEqual([pointer === null ? 200 : 400, pointer]);
      if (pointer !== null) expect(must(await root('GET', `/organizations/${organizationId}`))).toEqual(before);
    }
  });

  test('a refusal of one field changes none of the others', async () => {
    const { root } = world();
    const before = must(await root('GET', `/organizations/${organizationId}`));
    await root('PATCH', `/organizations/${organizationId}`, { name: 'New', rate_limits: { rpm: 1, tpm: -1 } });
    expect(must(await root('GET', `/organizations/${organizationId}`))).toEqual(before);
  });
});

describe('a key', () => {
  test.each([
    ['that has expired already', { expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    ['with an instant without a zone', { expires_at: '2030-01-01T00:00:00' }, '/expires_at'],
    ['with an instant that is none', { expires_at: '2030-02-31T00:00:00Z' }, '/expires_at'],
    ['with a secret of its own', { secret: 'sk-hg-mine' }, '/secret'],
    ['with an owner without an id', { owner: {} }, '/owner/account_id'],
    ['of another organization', { organization_id: 'org_x' }, '/organization_id'],
  ])('%s', async (_what, fields, pointer) => {
    const refused = await world().root('POST', '/keys', { team_id: teamId, name: 'x', ...fields });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, pointer]);
  });
});

describe('an account', () => {
  test.each([
    ['without an @', { email: 'ada' }, '/email'],
    ['with two lines', { email: 'ada@example.com\nbcc: x@example.com' }, '/email'],
    ['of 300 characters', { email: `${'a'.repeat(300)}@example.com` }, '/email'],
    ['with a role of an organization', { platform_role: 'org_owner' }, '/platform_role'],
  ])('%s', async (_what, fields, pointer) => {
    const refused = await world().root('POST', '/accounts', { email: 'ada@example.com', name: 'Ada', ...fields });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, pointer]);
  });
});

describe('a request', () => {
  /** As it stands: fetch would tidy the path up. */
  const raw = (path: string, method: string, body: string | null, headers: Record<string, string>) =>
    new Promise<{ status: number; type: string | undefined; body: { request_id: string } }>((resolve, reject) => {
      const sent = request(world().address, { method, path, headers }, async (answer) => {
        const body = JSON.parse((await Array.fromAsync(answer)).join('')) as { request_id: string };
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], body });
      });
      sent.on('error', reject);
      sent.end(body ?? undefined);
    });

  test.each([
    ['a body that is no JSON', 'POST', '/api/v1/organizations', '{"slug":', 'application/json', 400],
    ['a body that names __proto__', 'POST', '/api/v1/organizations', '{"__proto__":{"x":1}}', 'application/json', 400],
    ['a list in place of an object', 'POST', '/api/v1/organizations', '[]', 'application/json', 400],
    ['no body', 'POST', '/api/v1/organizations', '', 'application/json', 400],
    ['a form', 'POST', '/api/v1/organizations', 'slug=x', 'application/x-www-form-urlencoded', 415],
    ['a body of 2 MB', 'POST', '/api/v1/organizations', `{"name":"${'x'.repeat(2_000_000)}"}`, 'application/json', 413],
    ['an unknown path', 'GET', '/api/v1/nothing', null, null, 404],
    ['a doubled slash', 'GET', '/api/v1//organizations', null, null, 404],
    ['dots in the path', 'GET', '/api/v1/organizations/%2e%2e/keys', null, null, 404],
    ['a broken escape', 'GET', '/api/v1/organizations/%zz', null, null, 400],
    ['a NUL in the path', 'GET', '/api/v1/organizations/org%00', null, null, 404],
    ['an unknown method', 'PUT', '/api/v1/organizations', '{}', 'application/json', 405],
    ['an unknown parameter', 'GET', '/api/v1/organizations?limits=5', null, null, 400],
    ['a limit of 0', 'GET', '/api/v1/organizations?limit=0', null, null, 400],
    ['a limit above 200', 'GET', '/api/v1/organizations?limit=201', null, null, 400],
    ['a cursor that is none', 'GET', '/api/v1/organizations?cursor=abc', null, null, 400],
    ['a parameter twice', 'GET', '/api/v1/organizations?limit=1&limit=2', null, null, 400],
    ['metadata of 5,000 levels', 'POST', '/api/v1/organizations', DEEP, 'application/json', 400],
    ['100,000 values', 'POST', '/api/v1/organizations', `{"budgets":[${'{},'.repeat(100_000)}{}]}`, 'application/json', 400],
    ['dots in the path of the reference', 'GET', '/api/docs/static/../x', null, null, 404],
    ['a NUL in an export’s filter', 'GET', '/api/v1/requests/export?model=a%00', null, null, 400],
    ['a NUL in an export’s code', 'GET', '/api/v1/requests/export?code=%00', null, null, 400],
    ['a NUL in an export’s search', 'GET', '/api/v1/keys/export?search=%00x', null, null, 400],
    ['a time of the year 20', 'GET', '/api/v1/overview?to=0020-02-29T00:00:00Z', null, null, 400],
    ['a time of the year 0', 'GET', '/api/v1/usage?from=0000-01-01T00:00:00Z&interval=hour', null, null, 400],
    [
      'hours of 8,000 years',
      'GET',
      '/api/v1/usage?from=1970-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&interval=hour',
      null,
      null,
      400,
    ],
    ['a NUL in a search', 'GET', '/api/v1/organizations?search=%00', null, null, 400],
  ])('with %s', async (_what, method, path, body, type, status) => {
    const headers = { 'x-test-actor': JSON.stringify(ROOT), ...(type === null ? {} : { 'content-type': type }) };
    const answer = await raw(path, method, body, headers);
    expect(answer).toMatchObject({ status, type: expect.stringContaining('application/problem+json'), body: { status } });
    expect(answer.body.request_id).toMatch(/^req_/);
  });
});

const DEEP = `{"slug":"deep","name":"Deep","metadata":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`;
const ROOT = { kind: 'account', id: 'acct_root', name: 'Root', roles: [{ role: 'platform_admin' }], accountId: null };
