/** What the control plane must not take: names, money, zones, limits, chains, addresses. Nothing of it is stored. */
import { isDeepStrictEqual } from 'node:util';
import { MODELS } from '../bad-input/site.ts';
import { sendRaw } from '../support/raw-http.ts';
import type { BadInputGateway } from './bad-input-site.ts';
import { makeModel } from './tenant.ts';

interface Row {
  readonly name: string;
  readonly method: string;
  readonly at: string;
  readonly body: unknown;
  readonly status: number;
  /** The pointer of the field that is at fault. */
  readonly pointer: string;
}

/** Where rows are sent that differ in one field. */
interface Place {
  readonly at: string;
  readonly body: object;
}

const NAMES = {
  'a control character': 'a\u0007b',
  'a line break': 'a\r\nx-injected: 1',
  'a mark that turns the text': 'abc\u202egpj.exe',
  '10,000 characters': 'x'.repeat(10_000),
  'nothing but spaces': '   ',
  'a number': 5,
};
const MONEY = {
  '12 decimals': '1.123456789012',
  'a sign': '-1',
  'an exponent': '1e3',
  'a number': 1,
  'too much': '9000000.01',
  words: 'NaN',
};
const LIMITS = { 'a sign': -1, 'a fraction': 0.5, 'a text': '5', 'more than 2^53': 2 ** 53 };
const ADDRESSES = [
  'http://169.254.169.254/latest/meta-data',
  'http://[fd00:ec2::254]/v1',
  'http://metadata.google.internal/v1',
  'http://10.0.0.1/v1',
  'http://192.168.1.1/v1',
  'http://[::ffff:10.0.0.1]/v1',
  'http://0x0a000001/v1',
  'http://167772161/v1',
  'http://0.0.0.0/v1',
  'http://user:password@api.openai.com/v1',
  'ftp://api.openai.com/v1',
  'file:///etc/passwd',
  'javascript:alert(1)',
];

export async function adminProblems(site: BadInputGateway): Promise<{ rows: number; problems: string[] }> {
  const rows = await rowsFor(site);
  const before = await stored(site);
  const problems: string[] = [];
  for (const row of rows) {
    const { status, body } = await site.gateway.ask<{ errors?: readonly { pointer: string }[] }>(row.method, row.at, row.body);
    const pointer = body?.errors?.[0]?.pointer ?? null;
    if (status !== row.status || pointer !== row.pointer)
      problems.push(`${row.name}: answered ${status} ${pointer}, not ${row.status} ${row.pointer}`);
    const leak = site.unspeakable.find((word) => JSON.stringify(body).includes(word));
    if (leak !== undefined) problems.push(`${row.name}: says ${JSON.stringify(leak)}`);
  }
  const raw = await rawProblems(site);
  if (!isDeepStrictEqual(await stored(site), before)) problems.push('something of it was stored');
  return { rows: rows.length + raw.rows, problems: [...problems, ...raw.problems] };
}

async function rowsFor(site: BadInputGateway): Promise<Row[]> {
  for (const model of ['one', 'two', 'three'])
    await makeModel(site.gateway, { model, provider: 'fake', upstreamModel: 'fake-small' });
  const chain = (name: string, fallbacks: string[]) => site.gateway.admin('PATCH', `/models/${name}`, { fallbacks });
  await chain('one', ['two']);
  await chain('two', ['three']);
  const organization = { at: '/organizations', body: { slug: 'bad-input', name: 'Bad' } };
  const scopes: readonly Place[] = [
    organization,
    { at: `/organizations/${site.organizationId}/teams`, body: { name: 'Bad' } },
    { at: '/keys', body: { team_id: site.teamId, name: 'Bad' } },
  ];
  const inField = (place: Place, name: string, fields: object, pointer: string): Row => {
    return {
      name: `${name} at ${place.at}`,
      method: 'POST',
      at: place.at,
      body: { ...place.body, ...fields },
      status: 400,
      pointer,
    };
  };
  const ofScope = (place: Place) => [
    ...Object.entries(NAMES).map(([what, name]) => inField(place, `a name with ${what}`, { name }, '/name')),
    ...Object.entries(MONEY).map(([what, amount]) =>
      inField(place, `money with ${what}`, { budgets: [{ amount, period: 'month' }] }, '/budgets/0/amount'),
    ),
    ...Object.entries(LIMITS).map(([what, rpm]) =>
      inField(place, `a limit with ${what}`, { rate_limits: { rpm } }, '/rate_limits/rpm'),
    ),
    inField(place, 'an unknown field', { owner_of_all: true }, '/owner_of_all'),
  ];
  const credential = { at: '/credentials', body: { name: 'bad', provider: 'openai', api_key: 'sk-bad' } };
  const model = (name: string, fallbacks: readonly unknown[], pointer: string): Row => {
    return {
      name: `the chain ${name} → ${fallbacks}`,
      method: 'PATCH',
      at: `/models/${name}`,
      body: { fallbacks },
      status: 400,
      pointer,
    };
  };
  return [
    ...scopes.flatMap(ofScope),
    ...['Mars/Olympus', '+02:00', 'utc; drop table', ''].map((zone) =>
      inField(organization, `the zone ${JSON.stringify(zone)}`, { time_zone: zone }, '/time_zone'),
    ),
    ...ADDRESSES.map((base_url) => inField(credential, `a credential for ${base_url}`, { base_url }, '/base_url')),
    model('three', ['one'], '/fallbacks'),
    model('one', ['one'], '/fallbacks'),
    model('three', ['nothing-of-this-name'], '/fallbacks/0'),
    {
      name: 'a redacted audit',
      method: 'POST',
      at: '/organizations',
      body: { ...organization.body, audit: { content: 'redacted' } },
      status: 400,
      pointer: '/audit/content',
    },
    {
      name: 'a name that is taken',
      method: 'POST',
      at: '/route-groups',
      body: { key: MODELS.good, strategy: 'weighted', members: [] },
      status: 409,
      pointer: '/key',
    },
  ];
}

/** What can only be said in bytes, and who may not speak here at all. */
async function rawProblems(site: BadInputGateway): Promise<{ rows: number; problems: string[] }> {
  const { adminToken } = site.gateway;
  const post = (body: string, token = adminToken, lines: readonly string[] = []) =>
    [
      'POST /api/v1/organizations HTTP/1.1',
      'host: x',
      `authorization: Bearer ${token}`,
      'content-type: application/json',
      ...(lines.length > 0 ? lines : [`content-length: ${Buffer.byteLength(body)}`]),
      '',
      body,
    ].join('\r\n');
  const rows: readonly (readonly [string, string, number])[] = [
    ['half a body', post('{"slug":'), 400],
    ['a body that names __proto__', post('{"__proto__":{"x":1}}'), 400],
    ['a list', post('[]'), 400],
    ['100,000 levels', post(`{"metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 400],
    ['a body of 2 MB', post(`{"name":"${'x'.repeat(2_000_000)}"}`), 413],
    ['a body that says it has 50 MB', post('', adminToken, ['content-length: 50000000']), 413],
    ["a data plane's key", post('{"slug":"bad","name":"Bad"}', site.secrets.good), 401],
    ['an unknown token', post('{"slug":"bad","name":"Bad"}', `${adminToken.slice(0, -1)}x`), 401],
    ['an unknown path', post('{}').replace('/organizations', '/nothing'), 404],
    ['a doubled slash', post('{}').replace('/v1/organizations', '/v1//organizations'), 404],
    ['dots in the path', post('{}').replace('/organizations', '/keys/../organizations'), 404],
    ['an unknown method', post('{}').replace('POST', 'PUT'), 405],
  ];
  const problems: string[] = [];
  for (const [name, bytes, status] of rows) {
    const answer = await sendRaw(site.port, bytes);
    if (answer.status !== status)
      problems.push(`${name}: answered ${answer.status}, not ${status}: ${answer.body.slice(0, 200)}`);
    const leak =
      site.unspeakable.find((word) => answer.everything.includes(word)) ?? /\n\s+at \S+|node_modules/.exec(answer.body)?.[0];
    if (leak !== undefined) problems.push(`${name}: says ${JSON.stringify(leak)}`);
  }
  return { rows: rows.length, problems };
}

async function stored({ gateway }: BadInputGateway): Promise<unknown> {
  const places = ['/organizations', '/teams', '/keys', '/credentials', '/models', '/route-groups'];
  const lists = await Promise.all(
    places.map((at) => gateway.admin<{ data: { last_used_at?: unknown }[] }>('GET', `${at}?limit=200`)),
  );
  // When a key was last used is no setting.
  return lists.map(({ data }) => data.map(({ last_used_at: _, ...rest }) => rest));
}
