/** Trusted issuers, trust rules and the check of a token from the command line, with an issuer of its own. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { makeTenant, type Tenant } from '../support/tenants.ts';
import { startIssuer, type TokenIssuer } from '../support/token-issuer.ts';
import { EXCHANGE, exchange, PUBLIC_URL, TRUST_SETTINGS } from '../workload/trusting.ts';
import { type Caller, callerWithRole, headgateWithInput } from './support.ts';

const MS_MAX = 180_000;
let gateway: Gateway;
let issuer: TokenIssuer;
let tenant: Tenant;
/** The commands of an admin of the organization, of somebody who only looks, and of an owner of another organization. */
let mine: Awaited<ReturnType<typeof callerWithRole>>;
let auditor: Caller;
let others: Caller;
const directory = temporaryDirectory();

beforeAll(async () => {
  issuer = await startIssuer();
  gateway = await startGateway({ env: TRUST_SETTINGS });
  tenant = await makeTenant(gateway.admin);
  const other = await makeTenant(gateway.admin);
  mine = await callerWithRole(gateway, 'org_admin', tenant);
  auditor = await callerWithRole(gateway, 'org_auditor', tenant);
  others = await callerWithRole(gateway, 'org_owner', other);
}, MS_MAX);
afterAll(async () => {
  await gateway?.stop();
  await issuer?.close();
}, MS_MAX);

function fileOf(name: string, text: string): string {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  return file;
}

const RULE = { conditions: [{ claim: 'repository_id', match: 'equals', values: ['42'] }], key_by: ['ref'] };
const claims = (more: object = {}) => ({
  aud: `${PUBLIC_URL}/trust/${tenant.slug}`,
  sub: 'job',
  repository_id: '42',
  ref: 'refs/heads/main',
  ...more,
});

test('an issuer and a rule are made, a token is checked with its reasons, and gets a key', { timeout: MS_MAX }, async () => {
  const { slug } = tenant;
  const made = await mine.run('trust', 'issuers', 'create', slug, '--name', 'Actions', '--issuer', issuer.issuer);
  expect(made.code).toBe(0);
  expect(made.out).toMatch(new RegExp(`^audience +${PUBLIC_URL}/trust/${slug}$`, 'm'));
  const [, issuerId = ''] = /^id +(iss_\w+)$/m.exec(made.out) ?? [];
  expect(made.err).toBe(`Next: headgate trust issuers test ${slug} ${issuerId}\n`);
  expect(await mine.run('trust', 'issuers', 'test', slug, issuerId)).toEqual({
    code: 0,
    out: 'key    type  algorithm\nfirst  RSA   RS256\n',
    err: '',
  });
  issuer.fail();
  expect(await mine.run('trust', 'issuers', 'test', slug, issuerId)).toMatchObject({ code: 1, out: '' });
  issuer.recover();

  const token = fileOf('token', `${await issuer.sign(claims())}\n`);
  const check = (file: string) => mine.run('trust', 'check', slug, '--file', file);
  expect(await check(token)).toMatchObject({ code: 1, err: expect.stringContaining('No active rule takes these claims.') });
  const [team] = tenant.teams;
  const rule = await mine.run(
    ...['trust', 'rules', 'create', slug, '--name', 'evaluate', '--issuer', issuerId, '--team', team.teamId],
    ...['--file', fileOf('rule.json', JSON.stringify(RULE)), '--service-account', team.serviceAccountId],
    ...['--once', '--rpm', '60', '--budget', '5.00'],
  );
  expect(rule).toMatchObject({ code: 0, err: '' });
  expect(rule.out).toMatch(/^conditions +repository_id equals 42$/m);
  expect(rule.out).toMatch(/^a key for each +ref\neach token once +yes$/m);
  const [, ruleId = ''] = /^id +(trust_\w+)$/m.exec(rule.out) ?? [];
  expect(await mine.json('trust', 'rules', 'show', slug, ruleId)).toMatchObject({
    ...{ conditions: RULE.conditions, once: true, service_account_id: team.serviceAccountId, rate_limits: { rpm: 60 } },
    budgets: [{ amount: '5.00', period: 'month' }],
  });

  const accepted = await check(token);
  expect(accepted).toMatchObject({ code: 0, err: 'The token is accepted. The rule evaluate takes these claims.\n' });
  expect(accepted.out).toMatch(/^token +audience +yes +aud: /m);
  expect(accepted.out).toMatch(/^token +signature +yes /m);
  expect(accepted.out).toMatch(new RegExp(`^rule evaluate \\(${ruleId}\\) +repository_id +yes `, 'm'));
  const text = await issuer.sign(claims({ repository_id: '43', aud: `${PUBLIC_URL}/trust/other` }));
  const settings = { HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: mine.token };
  const refused = await headgateWithInput(text, settings, 'trust', 'check', slug, '--file', '-');
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/^headgate: The token is not accepted\. aud: wanted /)]);
  expect(refused.out).toMatch(/ repository_id +no +repository_id: wanted 42, got 43$/m);
  expect(refused.out + refused.err).not.toContain(text.split('.')[2]);
  // A check uses nothing up: the token gets its key afterwards, and only once.
  const good = await issuer.sign(claims({ jti: 'one' }));
  expect((await check(fileOf('once', good))).code).toBe(0);
  const form = { grant_type: EXCHANGE, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', subject_token: good };
  expect((await exchange(gateway, form)).status).toBe(200);
  expect((await exchange(gateway, form)).status).toBe(400);

  expect((await mine.run('trust', 'issuers', 'list', slug)).out).toMatch(/^iss_\w+ +Actions +http\S+ +discovery +active$/m);
  const listed = await mine.run('trust', 'rules', 'list', slug, '--issuer', issuerId, '--search', 'eval');
  expect(listed.out).toMatch(
    new RegExp(`^${ruleId} +evaluate +${issuerId} +${team.teamId} +${team.serviceAccountId} +active$`, 'm'),
  );
  expect(await mine.run('trust', 'rules', 'delete', slug, ruleId)).toEqual({ code: 0, out: '', err: `${ruleId} was deleted.\n` });
  expect(await mine.run('trust', 'rules', 'show', slug, ruleId)).toMatchObject({ code: 3, out: '' });
  expect((await mine.run('trust', 'issuers', 'delete', slug, issuerId)).code).toBe(0);
  expect((await mine.json('trust', 'issuers', 'list', slug)).data).toEqual([]);
});

test('keys of an issuer come from a file too, and only public ones', async () => {
  const create = ['trust', 'issuers', 'create', tenant.slug, '--name', 'Cluster', '--issuer', 'https://kubernetes.default.svc'];
  const [key] = issuer.keys;
  const file = fileOf('keys.json', JSON.stringify({ keys: [key?.publicJwk] }));
  const options = ['--algorithms', 'RS256', '--token-types', 'jwt', '--life-seconds-max', '600', '--direct'];
  expect(await mine.json(...create, '--keys-file', file, ...options)).toMatchObject({
    ...{ key_source: 'pasted', algorithms: ['RS256'], token_types: ['jwt'], life_seconds_max: 600, direct: true },
  });
  const hidden = fileOf('private.json', JSON.stringify({ keys: [{ ...key?.publicJwk, d: 'never-to-be-shown' }] }));
  const other = [...create.slice(0, -1), 'https://other.example', '--keys-file', hidden];
  const refused = await mine.run(...other);
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).not.toContain('never-to-be-shown');
});

test('an issuer and a rule are changed, and it is said when secrets end', { timeout: MS_MAX }, async () => {
  const { slug } = tenant;
  const at = ['--issuer', issuer.issuer];
  const { id: issuerId } = await mine.json('trust', 'issuers', 'create', slug, '--name', 'Changing', ...at);
  const [team] = tenant.teams;
  const rule = await mine.json(
    ...['trust', 'rules', 'create', slug, '--name', 'nightly', '--issuer', issuerId, '--team', team.teamId],
    ...['--file', fileOf('rule.json', JSON.stringify(RULE)), '--rpm', '60', '--budget', '5.00'],
  );
  const changeIssuer = (...flags: readonly string[]) => mine.run('trust', 'issuers', 'change', slug, issuerId, ...flags);
  const changeRule = (...flags: readonly string[]) => mine.run('trust', 'rules', 'change', slug, rule.id, ...flags);
  const isTaken = async () => {
    const subject_token = await issuer.sign(claims());
    const form = { grant_type: EXCHANGE, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', subject_token };
    return exchange(gateway, form);
  };
  const ended = 'The secrets of its workloads have ended. They get others by exchanging a token again.\n';
  const models = async (secret: string) =>
    (await fetch(`${gateway.base}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })).status;

  const { access_token: secret } = (await isTaken()).body;
  expect(await models(secret)).toBe(200);
  // A name and a limit end nothing, and a change to what is there neither.
  expect(await changeIssuer('--name', 'Actions', '--direct', 'no')).toMatchObject({ code: 0, err: '' });
  expect(await changeRule('--name', 'evaluate', '--rpm=', '--tpm', '9000', '--budget', '7.50', '--budget-period', 'day')).toEqual(
    {
      code: 0,
      out: expect.stringMatching(/^limits of each key +tpm 9000\nbudgets of each key +7\.50 USD per day$/m),
      err: '',
    },
  );
  expect(await models(secret)).toBe(200);
  const disabled = await changeRule('--status', 'disabled');
  expect(disabled).toMatchObject({ code: 0, err: ended, out: expect.stringMatching(/^status +disabled$/m) });
  expect(await models(secret)).toBe(401);
  expect((await isTaken()).status).toBe(400);
  const next = { conditions: [{ claim: 'repository_id', match: 'one_of', values: ['42', '43'] }], key_by: [] };
  expect(
    await changeRule('--status', 'active', '--once', 'no', '--file', fileOf('next.json', JSON.stringify(next))),
  ).toMatchObject({
    code: 0,
    err: ended,
  });
  expect(await mine.json('trust', 'rules', 'show', slug, rule.id)).toMatchObject({
    ...{ ...next, name: 'evaluate', status: 'active', once: false, rate_limits: { rpm: null, tpm: 9000 } },
    budgets: [{ amount: '7.50', period: 'day' }],
  });
  expect((await isTaken()).status).toBe(200);
  expect(await changeRule('--budget=')).toMatchObject({ code: 0, out: expect.stringMatching(/^budgets of each key +-$/m) });

  expect(await changeIssuer('--status', 'disabled')).toMatchObject({ code: 0, err: ended });
  expect((await isTaken()).status).toBe(400);
  const [key] = issuer.keys;
  const keys = fileOf('keys.json', JSON.stringify({ keys: [key?.publicJwk] }));
  const options = ['--algorithms', 'RS256', '--token-types', 'jwt', '--life-seconds-max', '600', '--direct', 'yes'];
  expect(await changeIssuer('--status', 'active', '--keys-file', keys, ...options)).toMatchObject({ code: 0, err: ended });
  expect(await mine.json('trust', 'issuers', 'show', slug, issuerId)).toMatchObject({
    ...{ key_source: 'pasted', algorithms: ['RS256'], token_types: ['jwt'], life_seconds_max: 600, direct: true },
  });
  expect((await changeIssuer('--keys-url=')).err).toBe(ended);
  expect(await mine.json('trust', 'issuers', 'show', slug, issuerId)).toMatchObject({
    ...{ name: 'Actions', status: 'active', key_source: 'discovery', pasted_keys: null },
  });
  expect((await isTaken()).status).toBe(200);
  expect((await mine.run('trust', 'issuers', 'delete', slug, issuerId)).code).toBe(0);
});

test('a wrong command line is refused with words, and no part of a secret is in them', async () => {
  const { slug } = tenant;
  const secret = 'eyJhbGciOiJSUzI1NiJ9.not-a-token';
  const token = fileOf('wrong-token', secret);
  const issuers = ['trust', 'issuers', 'create', slug];
  const rules = ['trust', 'rules', 'create', slug, '--name', 'x', '--issuer', 'iss_1', '--team', 'team_1'];
  const table: readonly (readonly [readonly string[], number, string])[] = [
    [issuers, 2, '--name is needed.'],
    [[...issuers, '--name', 'x'], 2, '--issuer is needed.'],
    [[...issuers, '--name', 'x', '--issuer', 'y', '--keys-url', 'z', '--keys-file', token], 2, 'cannot be combined'],
    [[...issuers, '--name', 'x', '--issuer', 'https://idp.example', '--keys-file', token], 1, 'pasted_keys'],
    [rules, 2, '--file is needed.'],
    [[...rules, '--file', token], 2, 'cannot be read as JSON'],
    [[...rules, '--file', fileOf('list.json', '[]')], 2, 'one JSON object'],
    [[...rules, '--file', fileOf('none.json', '{"conditions": []}')], 1, 'conditions'],
    [[...rules, '--file', fileOf('one.json', JSON.stringify(RULE))], 1, 'issuer_id'],
    [[...rules, '--service-account', 'svc_1', '--identity-provider', 'idp_1'], 2, 'Keys have one owner'],
    [['trust', 'issuers', 'change', slug, 'iss_1'], 2, 'Nothing to change'],
    [['trust', 'issuers', 'change', slug, 'iss_1', '--direct', 'maybe'], 2, '--direct must be yes or no.'],
    [['trust', 'issuers', 'change', slug, 'iss_1', '--keys-url', 'x', '--keys-file', token], 2, 'cannot be combined'],
    [['trust', 'issuers', 'change', slug, 'iss_1', '--name', 'x'], 3, 'There is no such object, or you may not see it.'],
    [['trust', 'rules', 'change', slug, 'trust_1'], 2, 'Nothing to change'],
    [['trust', 'rules', 'change', slug, 'trust_1', '--budget-period', 'day'], 2, '--budget-period needs --budget.'],
    [['trust', 'rules', 'change', slug, 'trust_1', '--rpm', 'many'], 2, '--rpm wants a whole number'],
    [['trust', 'rules', 'change', slug, 'trust_1', '--file', token], 2, 'cannot be read as JSON'],
    [['trust', 'rules', 'change', slug, 'trust_1', '--status', 'active'], 3, 'There is no such object, or you may not see it.'],
    [['trust', 'check', slug], 2, '--file is needed.'],
    [['trust', 'check', slug, '--token', secret], 2, '--token'],
    [['trust', 'check', slug, '--file', '/nowhere'], 2, '/nowhere cannot be read (ENOENT)'],
    [['trust', 'check', slug, '--file', token], 1, 'The token is not accepted'],
    [['trust', 'issuers', 'show', slug, 'iss_1'], 3, 'There is no such object, or you may not see it.'],
  ];
  for (const [argv, expected, words] of table) {
    const { code, out, err } = await mine.run(...argv);
    expect({ argv, code }).toEqual({ argv, code: expected });
    expect(err).toContain(words);
    expect(out + err).not.toContain(secret);
  }
});

test('who may not, and another tenant, are told so with exit code 3, and nothing is made', async () => {
  const { slug, organizationId } = tenant;
  const made = await mine.json('trust', 'issuers', 'create', slug, '--name', 'Mine', '--issuer', 'https://mine.example');
  const file = fileOf('rule.json', JSON.stringify(RULE));
  const ruled = ['--name', 'mine', '--issuer', made.id, '--team', tenant.teams[0].teamId, '--file', file];
  const { id: ruleId } = await mine.json('trust', 'rules', 'create', slug, ...ruled);
  const before = await mine.json('trust', 'issuers', 'list', slug);
  const rulesBefore = await mine.json('trust', 'rules', 'list', slug);
  const token = fileOf('token', await issuer.sign(claims()));
  const all = (place: string) => [
    ['trust', 'issuers', 'list', place],
    ['trust', 'issuers', 'create', place, '--name', 'x', '--issuer', 'https://x.example'],
    ['trust', 'issuers', 'show', place, made.id],
    ['trust', 'issuers', 'test', place, made.id],
    ['trust', 'issuers', 'change', place, made.id, '--status', 'disabled'],
    ['trust', 'issuers', 'delete', place, made.id],
    ['trust', 'rules', 'change', place, ruleId, '--status', 'disabled'],
    ['trust', 'rules', 'list', place],
    ['trust', 'rules', 'create', place, '--name', 'x', '--issuer', made.id, '--team', tenant.teams[0].teamId, '--file', file],
    ['trust', 'check', place, '--file', token],
  ];
  for (const argv of all(slug))
    expect([argv, await auditor.run(...argv)]).toEqual([
      argv,
      { code: 3, out: '', err: expect.stringContaining('trust.manage') },
    ]);
  for (const argv of [...all(slug), ...all(organizationId)]) {
    const { code, out, err } = await others.run(...argv);
    expect([argv, code, out]).toEqual([argv, 3, '']);
    expect(err).not.toContain('mine.example');
  }
  expect(await mine.json('trust', 'issuers', 'list', slug)).toEqual(before);
  expect(await mine.json('trust', 'rules', 'list', slug)).toEqual(rulesBefore);
});
