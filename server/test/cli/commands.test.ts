import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, repository, START, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { COMMANDS, headgate } from './support.ts';

const MS_MAX = 120_000;

describe('the command line on a gateway that runs', { timeout: MS_MAX }, () => {
  let gateway: Gateway;
  let teamId: string;
  beforeAll(async () => {
    gateway = await startGateway({ env: { HEADGATE_DEMO: 'on' } });
    const { data } = await gateway.admin<{ data: { id: string; name: string }[] }>('GET', '/teams');
    teamId = data[0]?.id ?? '';
  }, MS_MAX);
  afterAll(() => gateway?.stop());

  const run = (...argv: string[]) => headgate({ HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: gateway.adminToken }, ...argv);
  const json = async (...argv: string[]) => {
    const { code, out, err } = await run(...argv, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out);
  };

  test('organizations: create with limits, budget and grants; list, read, suspend, reactivate', async () => {
    const flags = ['--slug', 'by-hand', '--name', 'By hand', '--rpm', '60', '--budget', '25.00', '--access-groups', 'support'];
    const made = await run('organizations', 'create', ...flags, '--time-zone', 'Europe/Paris');
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/^slug +by-hand$/m);
    const stored = await json('organizations', 'read', 'by-hand');
    expect(stored).toMatchObject({
      name: 'By hand',
      time_zone: 'Europe/Paris',
      rate_limits: { rpm: 60, tpm: null },
      budgets: [{ amount: '25.00', period: 'month', action: 'block' }],
      asset_access: { mode: 'selected', targets: [], access_groups: ['support'] },
    });
    expect((await run('organizations', 'list', '--search', 'by')).out).toMatch(/by-hand +By hand +active/);
    expect((await run('organizations', 'suspend', 'by-hand')).out).toMatch(/^status +suspended$/m);
    expect(await json('organizations', 'list', '--status', 'suspended')).toMatchObject({ data: [{ slug: 'by-hand' }] });
    expect(await json('organizations', 'reactivate', stored.id)).toMatchObject({ status: 'active' });
    const again = await run('organizations', 'create', ...flags);
    expect(again).toMatchObject({ code: 1, out: '', err: expect.stringContaining('slug is taken') });
    const like = await json('organizations', 'create', '--slug', 'by-hand-2', '--name', 'Like it', '--like', 'by-hand');
    expect(like).toMatchObject({ time_zone: 'Europe/Paris', rate_limits: { rpm: 60 }, budgets: [{ amount: '25.00' }] });
    const both = ['--organizations', 'by-hand,by-hand-2', '--rpm', '90'];
    expect((await run('organizations', 'limits', ...both, '--dry-run')).out).toMatch(/Like it +yes +0/);
    expect(await json('organizations', 'read', 'by-hand')).toMatchObject({ rate_limits: { rpm: 60 } });
    expect(await json('organizations', 'limits', ...both)).toMatchObject({ dry_run: false, data: [{ is_changed: true }, {}] });
    expect(await json('organizations', 'read', 'by-hand-2')).toMatchObject({ rate_limits: { rpm: 90 } });
    expect((await run('organizations', 'limits', '--rpm', '1')).code).toBe(2);
    await gateway.admin('POST', '/organization-templates', { name: 'Trial', organization_id: like.id });
    expect((await run('organizations', 'templates')).out).toMatch(/tpl_\w+ +Trial/);
    const trial = await json('organizations', 'create', '--slug', 'by-hand-3', '--name', 'Trial one', '--template', 'trial');
    expect(trial).toMatchObject({ rate_limits: { rpm: 90 }, budgets: [{ amount: '25.00' }] });
  });

  test('own-providers: read, use, and list what an organization brings', async () => {
    const { data } = await json('organizations', 'list', '--search', 'acme');
    const { id, slug } = data[0];
    const body = { name: 'own', provider: 'openai', api_key: 'sk-own-0123456789abcdef' };
    await gateway.admin('POST', `/organizations/${id}/own-credentials`, body);
    expect((await run('own-providers', 'credentials', slug)).out).toMatch(/own +openai +api_key +cdef/);
    expect(await json('own-providers', 'deployments', slug)).toMatchObject({ data: [] });
    expect((await run('own-providers', 'use', slug)).code).toBe(2);
    expect((await run('own-providers', 'use', slug, '--order', 'own_only')).out).toMatch(/^order +own_only$/m);
    expect(await json('own-providers', 'use', slug, '--order', 'own_first')).toMatchObject({ own_deployments: 'own_first' });
    expect((await run('own-providers', 'read', slug)).out).toMatch(/^credentials +1 of 100$/m);
  });

  test('known models and price lists: list, try an import, import', async () => {
    expect((await run('known-models', 'list', '--csv', '--search', 'gpt-5-nano', '--provider', 'openai')).out).toMatch(
      /^provider,upstream_model,[^\n]+?\r?\nopenai,gpt-5-nano,400000,/,
    );
    const [nano] = (await json('known-models', 'list', '--search', 'gpt-5-nano', '--provider', 'openai')).data;
    expect(nano).toMatchObject({ upstream_model: 'gpt-5-nano', prices: { input_per_million: '0.05' } });
    const directory = temporaryDirectory();
    const file = path.join(directory, 'prices.json');
    const cost = { litellm_provider: 'openai', input_cost_per_token: 1e-6 };
    writeFileSync(file, JSON.stringify({ 'house-cli': cost, wrong: { ...cost, input_cost_per_token: -1 } }));
    const flags = ['price-lists', 'import', file, '--name', 'By hand', '--version', '1'];
    const tried = await run(...flags, '--dry-run');
    expect(tried.out).toMatch(/refused +wrong .*must not be negative/);
    expect(tried.err).toMatch(/1 added, 1 refused[\s\S]*Nothing was stored/);
    expect((await json('price-lists', 'list')).data).toHaveLength(1);
    expect((await run(...flags)).code).toBe(0);
    expect((await run('price-lists', 'list')).out).toMatch(/By hand +1 /);
    writeFileSync(file, 'nonsense');
    expect(await run(...flags)).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read as JSON') });
    rmSync(directory, { recursive: true });
  });

  test('presets: list, add from a file, read, change, delete', async () => {
    expect((await run('presets', 'list')).out).toMatch(
      /^groq +Groq +https:\/\/api\.groq\.com\/openai\/v1 +openai-chat +this version +yes +0$/m,
    );
    const file = path.join(temporaryDirectory(), 'preset.json');
    const wires = { 'openai-chat': '/chat/completions' };
    writeFileSync(
      file,
      JSON.stringify({ id: 'by-hand', name: 'By hand', base_url: 'https://llm.acme.example/v1', auth: 'bearer', wires }),
    );
    expect((await run('presets', 'add', '--file', file)).out).toMatch(/^id +by-hand$/m);
    writeFileSync(file, JSON.stringify({ drop: ['top_k'] }));
    expect(await json('presets', 'change', 'by-hand', '--file', file)).toMatchObject({ drop: ['top_k'], version: 2 });
    expect(await json('presets', 'read', 'by-hand')).toMatchObject({ drop: ['top_k'], source: 'added' });
    writeFileSync(file, '[]');
    expect(await run('presets', 'add', '--file', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('one JSON object'),
    });
    expect((await run('presets', 'delete', 'groq')).code).toBe(1);
    expect((await run('presets', 'delete', 'by-hand')).code).toBe(0);
    expect(await run('presets', 'read', 'by-hand')).toMatchObject({ code: 3, out: '' });
  });

  test('keys: create one that works, list, read, rotate, disable, enable', async () => {
    const made = await json('keys', 'create', '--team', teamId, '--name', 'from a script', '--budget', '5.00');
    const call = (secret: string) =>
      fetch(`${gateway.base}/v1/models`, { headers: { authorization: `Bearer ${secret}` } }).then(({ status }) => status);
    expect(await call(made.secret)).toBe(200);
    const listed = await run('keys', 'list', '--team', teamId, '--search', 'from a');
    expect(listed.out).toContain(made.id);
    expect(listed.out).not.toContain(made.secret);
    expect((await run('keys', 'read', made.id)).out).toMatch(/^name +from a script$/m);
    const perUser = ['--require-end-user', '--end-user-rpm', '20', '--end-user-budget', '2'];
    const served = await json('keys', 'create', '--team', teamId, '--name', 'serves users', ...perUser);
    expect(served).toMatchObject({
      require_end_user: true,
      label_limits: [{ end_user: '*', rate_limits: { rpm: 20 }, budgets: [{ amount: '2.00', period: 'day' }] }],
    });
    const callable = await json('keys', 'models', made.id);
    expect(callable.data.map(({ name }: { name: string }) => name)).toContain('fast');
    expect((await run('keys', 'models', made.id, '--search', 'fas')).out).toMatch(/^fast +model +chat +- +4096 +0\.05 /m);
    const rotated = await json('keys', 'rotate', made.id);
    expect([await call(made.secret), await call(rotated.secret)]).toEqual([401, 200]);
    expect((await run('keys', 'disable', made.id)).out).toMatch(/^status +disabled$/m);
    expect(await call(rotated.secret)).toBe(403);
    expect(await json('keys', 'enable', made.id)).toMatchObject({ status: 'active' });
    expect(await call(rotated.secret)).toBe(200);
  });

  test('members: an account is added with teams, by id or address; another address is invited', async () => {
    const [one, other] = await Promise.all(
      ['Cli One', 'Cli Other'].map((name) => {
        const email = `${name.toLowerCase().replace(' ', '-')}@headgate.test`;
        return gateway.admin<{ id: string; email: string }>('POST', '/accounts', { name, email });
      }),
    );
    const teams = `${teamId}:team_viewer`;
    const added = await json('members', 'add', 'acme', one?.email.toUpperCase() ?? '', '--role', 'org_billing', '--teams', teams);
    expect(added).toMatchObject({ account_id: one?.id, role: 'org_billing', teams: [{ team_id: teamId, role: 'team_viewer' }] });
    expect((await run('members', 'add', 'acme', other?.id ?? '')).out).toMatch(/^role +org_member$/m);
    expect((await run('members', 'list', 'acme', '--search', 'Cli')).out).toMatch(/Cli One +cli-one@headgate.test +org_billing/);
    const invited = await run('members', 'add', 'acme', 'cli-guest@headgate.test');
    expect(invited).toMatchObject({ code: 0, err: '' });
    expect(invited.out).toMatch(/^link +http.*\/invitation\?token=/m);
    const again = await run('members', 'add', 'acme', one?.id ?? '');
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('already a member') });
    expect((await run('members', 'add', 'acme', 'nobody')).code).toBe(2);
    expect((await run('members', 'add', 'acme', 'x@headgate.test', '--teams', teamId)).code).toBe(2);
  });

  test('a list longer than asked says so beside it', async () => {
    const { code, out, err } = await run('keys', 'list', '--limit', '1');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(2);
    expect(err).toMatch(/^1 of \d+; more with --limit\n$/);
  });

  test('usage: grouped with its total, as JSON and as CSV', async () => {
    const key = await json('keys', 'create', '--team', teamId, '--name', 'asks');
    const asked = await fetch(`${gateway.base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    await asked.text();
    expect(asked.status).toBe(200);
    await expect.poll(async () => (await json('usage')).total.requests, { timeout: 10_000 }).toBeGreaterThan(0);
    const report = await run('usage', '--group-by', 'model', '--organization', 'acme');
    expect(report.out).toMatch(/^model +requests +refused +input tokens +output tokens +spend$/m);
    expect(report.out).toMatch(/^fast +1 /m);
    expect(report.out).toMatch(/^total +1 /m);
    const csv = await run('usage', '--group-by', 'model', '--csv');
    expect(csv).toMatchObject({ code: 0, err: '' });
    expect(csv.out.split('\n')[0]).toContain(',');
    expect(csv.out).toContain('fast');
    expect((await run('usage', '--csv', '--json')).code).toBe(2);
    expect((await run('usage', '--month', 'current', '--compare', '--group-by', 'model')).out).toMatch(/^fast .* new /m);
    const [{ month }] = (await json('statements', 'list', 'acme')).data;
    expect((await run('statements', 'get', 'acme', month)).out).toMatch(/^model +fast +1 /m);
    expect((await run('statements', 'get', 'acme', month, '--csv')).out).toMatch(/^model,.*,fast,/m);
  });

  test('audit list: the newest events of all organizations, filtered', async () => {
    const { out } = await run('audit', 'list', '--object-type', 'key', '--limit', '1', '--json');
    const { data } = JSON.parse(out);
    expect(data).toMatchObject([{ object: { type: 'key' }, organization_name: expect.any(String) }]);
    expect((await run('audit', 'list', '--scope', 'platform', '--limit', '1')).out).toMatch(/ platform /);
    expect(await run('audit', 'list', '--scope', 'nowhere')).toMatchObject({ code: 1, out: '' });
  });

  test('audit verify: every chain, or one of them; a broken one is named with the reason of the guide', async () => {
    const whole = /^intact: (\d+) events, head [0-9a-f]{64}\nevents 1 to \1: hashes and the audit key\ncompared with .*\n$/;
    expect((await run('audit', 'verify', '--platform')).out).toMatch(whole);
    expect(await json('audit', 'verify', '--organization', 'acme')).toMatchObject({ intact: true, broken_at_seq: null });
    const { total } = await gateway.admin<{ total: number }>('GET', '/organizations?status=all&limit=1');
    expect((await run('audit', 'verify')).out).toMatch(
      new RegExp(`\nintact: all ${total + 1} chains, the platform’s and ${total} of organizations, with \\d+ events\n$`),
    );
    expect(await json('audit', 'verify')).toMatchObject({
      intact: true,
      chains: total + 1,
      broken: [],
      platform: { intact: true },
    });
    // The database lacks events that this host wrote, as after a recovery.
    const heads = path.join(gateway.dataDir, 'audit-heads-commands');
    const { id } = await json('organizations', 'read', 'acme');
    writeFileSync(heads, `v1 ${id} 999999 ${'a'.repeat(64)}\n`);
    const gone = await run('audit', 'verify').finally(() => rmSync(heads));
    expect(gone).toMatchObject({ code: 1, out: '' });
    expect(gone.err).toMatch(
      new RegExp(
        `^headgate: 1 of ${total + 1} audit chains are broken\\.\nThe audit chain of acme is broken at event \\d+ \\(remembered\\): `,
      ),
    );
    // An organization that the database lost with everything: nothing there tells that it was.
    writeFileSync(heads, `v1 org_gone 7 ${'a'.repeat(64)}\n`);
    const [lost, asJson] = [await run('audit', 'verify'), await run('audit', 'verify', '--json')];
    rmSync(heads);
    expect(lost).toMatchObject({ code: 1, out: '' });
    expect(lost.err).toMatch(
      /^headgate: 1 of \d+ audit chains are broken\.\nThe audit chain of org_gone is missing .* event 7 in audit-heads-commands/,
    );
    expect(JSON.parse(asJson.out)).toMatchObject({
      intact: false,
      platform: { intact: true, missing_chains: [{ organization_id: 'org_gone', file: 'audit-heads-commands', seq: 7 }] },
    });
    expect((await run('audit', 'verify', '--platform', '--organization', 'acme')).code).toBe(2);
  });

  test('exit codes: 2 for a wrong command line, 3 for what is not allowed or not there, 4 for a gateway out of reach', async () => {
    expect(await run('keys', 'create', '--name', 'no team')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('--team'),
    });
    expect(await run('keys', 'read', 'key_nothing')).toMatchObject({
      code: 3,
      out: '',
      err: 'headgate: There is no such key, or you may not see it.\n',
    });
    expect(await run('organizations', 'read', 'nowhere')).toMatchObject({ code: 3, out: '' });
    const stranger = { HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: 'hgadm_unknown' };
    expect(await headgate(stranger, 'keys', 'list')).toMatchObject({ code: 3, out: '', err: expect.stringContaining('unknown') });
    const gone = await run('keys', 'list', '--url', 'http://127.0.0.1:9');
    expect(gone).toMatchObject({ code: 4, out: '', err: expect.stringContaining('http://127.0.0.1:9 cannot be reached') });
    for (const { err } of [gone, await headgate(stranger, 'audit', 'verify')]) expect(err).not.toContain('hgadm_');
    expect(await run('keys', 'create', '--team', teamId, '--name', 'x', '--budget', 'lots')).toMatchObject({ code: 1, out: '' });
  });

  test('the token comes from a file as well, and a key of the data plane is none', async () => {
    const file = path.join(temporaryDirectory(), 'token');
    writeFileSync(file, `${gateway.adminToken}\n`);
    expect((await headgate({}, 'organizations', 'list', '--url', gateway.base, '--token-file', file)).code).toBe(0);
    const key = await json('keys', 'create', '--team', teamId, '--name', 'no admin');
    const asKey = await headgate({ HEADGATE_URL: gateway.base, HEADGATE_ADMIN_TOKEN: key.secret }, 'keys', 'list');
    expect(asKey).toMatchObject({ code: 3, err: expect.stringContaining('This is a key for the data plane') });
  });
});

describe('completion', () => {
  const offered = async (...words: string[]) => {
    const { code, out, err } = await headgate({}, 'complete', '--', ...words);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out
      .trimEnd()
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t')[0]); // The last line tells the shell to offer no files.
  };

  test('offers commands, then their flags, also behind an operand', async () => {
    expect(await offered('keys', '')).toEqual(['list', 'create', 'read', 'models', 'rotate', 'disable', 'enable']);
    expect(await offered('org')).toEqual(['organizations']);
    expect(await offered('keys', 'rotate', 'key_1', '--o')).toEqual(['--overlap-seconds']);
    expect(await offered('keys', 'list', '--t')).toEqual(['--team', '--token-file']);
    expect(await offered('serve', '--trusted')).toEqual(['--trusted-proxies']);
    expect(await offered('completion', '')).toEqual(['zsh', 'bash', 'fish', 'powershell']);
  });

  test('in bash is what the program offers', async () => {
    const { code, out } = await headgate({}, 'completion', 'bash');
    expect(code).toBe(0);
    expect(inBash(out, 'headgate', 'keys', '')).toEqual(['list', 'create', 'read', 'models', 'rotate', 'disable', 'enable']);
    expect(inBash(out, 'headgate', 'keys', 'rotate', 'key_1', '--o')).toEqual(['--overlap-seconds']);
  });

  test('is made for each shell', async () => {
    expect((await headgate({}, 'completion', 'zsh')).out).toMatch(/^#compdef headgate\n/);
    expect((await headgate({}, 'completion', 'fish')).out).toContain('complete -c headgate');
    expect((await headgate({}, 'completion', 'powershell')).out).toContain("-CommandName 'headgate'");
  });
});

/** Returns what bash offers with the script loaded. `_get_comp_words_by_ref` is a function of the package bash-completion. */
function inBash(script: string, ...words: readonly string[]): readonly string[] {
  const ask = `
    headgate() { ${[process.execPath, ...START, COMMANDS].map((word) => `'${word}'`).join(' ')} "$@"; }
    _get_comp_words_by_ref() { words=("\${COMP_WORDS[@]}"); cur=\${COMP_WORDS[COMP_CWORD]}; }
    compopt() { :; }
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); __headgate_complete; printf '%s\n' "\${COMPREPLY[@]}"`;
  const options = { cwd: repository, encoding: 'utf8', timeout: 30_000 } as const;
  const { stdout } = spawnSync('bash', ['-c', `${script}\n${ask}`, 'bash', ...words], options);
  return stdout.split('\n').filter((line) => line !== '');
}
