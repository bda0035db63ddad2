/** Exports: they add up to what the pages say, carry no formula, and hold nothing outside their reader's reach. */
import { beforeAll, describe, expect, test } from 'vitest';
import { csvLine } from '../../src/admin/exports/csv.ts';
import { exportPages } from '../../src/admin/exports/paged-export.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { makeDeployment, upstream } from '../admin/catalogue-support.ts';
import { type Client, makeTeam, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';
import { nanoUsdOf, readCsv } from './read-csv.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const HOUR_MS = 3_600_000;
const FORMULA = '=cmd()|"x", מפתח 🔑';

onOneDatabase('exports', (given) => {
  const world = withAdmin(given, { upstream });
  let acme = { id: '', team: '', key: '', service: '' };
  let other = { id: '', key: '' };
  const deployments = { eu: '', plain: '' };

  beforeAll(async () => {
    const { root } = world();
    const tagged = await makeDeployment(root, 'tagged', { tags: ['eu', 'cheap'] });
    const plain = await makeDeployment(root, 'untagged');
    Object.assign(deployments, { eu: tagged.id, plain: plain.id });
    const made = await makeTeam(root, { name: '+Acme', time_zone: 'Europe/Paris' }, { name: '@team' });
    const service = must(await root('POST', `/teams/${made.team.id}/service-accounts`, { name: '-ci' }));
    const owner = { service_account_id: service.id };
    const settings = { rate_limits: { rpm: 7 }, budgets: [{ amount: '2.50', period: 'month' }] };
    const key = must(await root('POST', '/keys', { team_id: made.team.id, name: FORMULA, owner, ...settings }));
    const elsewhere = await makeTeam(root, { name: 'Elsewhere' });
    const foreign = must(await root('POST', '/keys', { team_id: elsewhere.team.id, name: 'foreign' }));
    acme = { id: made.organization.id, team: made.team.id, key: key.id, service: service.id };
    other = { id: elsewhere.organization.id, key: foreign.id };
    await storeRecords(given(), recordsOf());
  });

  function recordsOf(): EndRecord[] {
    const mine = { organizationId: acme.id, teamId: acme.team, keyId: acme.key, serviceAccountId: acme.service };
    const at = (index: number) => ({ admittedAtMs: NOW_MS - index * 7 * HOUR_MS - Math.ceil(index) });
    const entry = (index: number) => givenEntry({ nanoUsd: 1_234_567_891 * (index + 1), deploymentId: deployments.eu });
    return [
      ...Array.from({ length: 12 }, (_, index) =>
        givenEnd({
          ...mine,
          ...at(index + 1),
          calledName: `model-${index % 3}`,
          deploymentId: deployments.eu,
          entries: [entry(index)],
        }),
      ),
      givenEnd({
        ...mine,
        ...at(2.5),
        deploymentId: deployments.plain,
        entries: [
          givenEntry({ deploymentId: deployments.plain, nanoUsd: 1 }),
          givenEntry({ kind: 'adjustment', deploymentId: deployments.plain, nanoUsd: -999_999_999_999, usage: { input: -3 } }),
        ],
      }),
      givenRefusal({ ...mine, ...at(3.5), count: 5, clientRequestId: '=HYPERLINK("x")' }),
      givenEnd({ ...at(1.5), organizationId: other.id, keyId: other.key, entries: [givenEntry({ nanoUsd: 3 })] }),
    ];
  }

  const owner = () => world().as([{ role: 'org_owner', organizationId: acme.id }]);
  const file = async (client: Client, path: string) => {
    const answer = await client('GET', path);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(answer.headers['content-disposition']).toMatch(/^attachment; filename="headgate-[a-z0-9-]+\.csv"$/);
    return { text: answer.text, rows: readCsv(answer.text) };
  };
  const sum = (rows: readonly Record<string, string>[], column: string) =>
    rows.reduce((total, row) => total + nanoUsdOf(row[column] ?? ''), 0n);
  const count = (rows: readonly Record<string, string>[], column: string) =>
    rows.reduce((total, row) => total + Number(row[column]), 0);

  describe('usage', () => {
    test.each([
      '',
      '&group_by=organization,key,model&interval=day',
      '&group_by=service_account,provider&interval=hour',
      '&group_by=deployment&model=model-1',
      '&from=2026-03-08T00:00:01.234Z&to=2026-03-10T11:11:11Z&group_by=team,member',
    ])('adds up to GET /usage to the nano-dollar: %s', async (more) => {
      const { root } = world();
      const { total } = must(await root('GET', `/usage?organization_id=${acme.id}${more}`));
      const plain = await file(root, `/usage/export?organization_id=${acme.id}${more}`);
      expect(sum(plain.rows, 'spend')).toBe(nanoUsdOf(total.spend));
      for (const name of ['requests', 'refused_requests', 'input_tokens', 'total_tokens'])
        expect(count(plain.rows, name)).toBe(total[name]);
      const focus = await file(root, `/usage/export?format=focus&organization_id=${acme.id}${more}`);
      expect(sum(focus.rows, 'BilledCost')).toBe(nanoUsdOf(total.spend));
      expect(count(focus.rows, 'ConsumedQuantity')).toBe(total.total_tokens);
      expect(count(focus.rows, 'x_Requests')).toBe(total.requests);
    });

    test('FOCUS says when, where and for whom, by the organization’s days', async () => {
      const { rows } = await file(owner(), '/usage/export?format=focus');
      const spent = rows.find((row) => row.ServiceName === 'model-0');
      expect(spent).toMatchObject({
        BillingCurrency: 'USD',
        ChargeCategory: 'Usage',
        ProviderName: 'openai',
        ResourceId: deployments.eu,
        SubAccountId: acme.id,
        SubAccountName: "'+Acme",
        ConsumedUnit: 'Tokens',
        BillingPeriodStart: '2026-02-28T23:00:00Z',
        BillingPeriodEnd: '2026-03-31T22:00:00Z',
      });
      for (const row of rows) {
        expect(row.ChargePeriodStart ?? '').toMatch(/T(23:00:00|12:00:00).000Z$/);
        expect(Date.parse(row.ChargePeriodEnd ?? '')).toBeGreaterThan(Date.parse(row.ChargePeriodStart ?? ''));
        expect(Date.parse(row.ChargePeriodEnd ?? '')).toBeLessThanOrEqual(NOW_MS);
      }
    });

    test('names stand beside ids, and none of them is a formula', async () => {
      const { rows, text } = await file(owner(), '/usage/export?group_by=organization,team,key,service_account');
      expect(rows.at(0)).toMatchObject({
        organization_id: acme.id,
        organization_name: "'+Acme",
        team_name: "'@team",
        key_name: `'${FORMULA}`,
        service_account_name: "'-ci",
      });
      expect(text).not.toMatch(/(^|[,\n"])[=+@]/);
      expect(text.startsWith('organization_id,')).toBe(true);
    });

    test('an owner’s holds nothing of another organization, and cannot be asked to', async () => {
      for (const format of ['csv', 'focus']) {
        const { text } = await file(owner(), `/usage/export?format=${format}&group_by=organization,key`);
        for (const id of [other.id, other.key]) expect(text).not.toContain(id);
        expect((await owner()('GET', `/usage/export?format=${format}&organization_id=${other.id}`)).status).toBe(404);
      }
      const member = world().as([{ role: 'org_member', organizationId: acme.id }]);
      expect((await member('GET', '/usage/export')).status).toBe(403);
    });

    test('lines by tag count once for each tag, beside a total that counts once, and are no charges', async () => {
      const { root } = world();
      const answer = must(await root('GET', `/usage?organization_id=${acme.id}&group_by=deployment_tag`));
      const spendOf = (tag: string | null) =>
        answer.data.find((line: { deployment_tag: string | null }) => line.deployment_tag === tag)?.spend;
      const all = must(await root('GET', `/usage?organization_id=${acme.id}`)).total;
      expect(answer.total).toEqual(all);
      expect(spendOf('eu')).toBe(spendOf('cheap'));
      expect(nanoUsdOf(spendOf('eu')) + nanoUsdOf(spendOf(null))).toBe(nanoUsdOf(all.spend));
      const narrowed = must(await root('GET', `/usage?organization_id=${acme.id}&deployment_tag=eu`));
      expect(narrowed.total.spend).toBe(spendOf('eu'));
      expect((await root('GET', '/usage/export?format=focus&group_by=deployment_tag')).status).toBe(400);
      const { rows } = await file(root, `/usage/export?organization_id=${acme.id}&group_by=deployment_tag`);
      expect(rows.find((row) => row.deployment_tag === 'eu')?.spend).toBe(spendOf('eu'));
    });

    test('a service account’s use is told apart, and another tenant’s is not there', async () => {
      const { root } = world();
      const answer = must(await root('GET', `/usage?service_account_id=${acme.service}&group_by=service_account`));
      expect(answer.data).toHaveLength(1);
      expect(answer.data[0]).toMatchObject({ service_account_id: acme.service, requests: 13 });
      const stranger = world().as([{ role: 'org_owner', organizationId: other.id }]);
      expect((await stranger('GET', `/usage?service_account_id=${acme.service}`)).status).toBe(404);
    });
  });

  test('keys: what the list shows, without a secret', async () => {
    const { rows, text } = await file(owner(), '/keys/export');
    const mine = rows.find((row) => row.id === acme.key);
    expect(mine).toMatchObject({ name: `'${FORMULA}`, status: 'active', owner: "'-ci", rpm: '7', tpm: '', team_name: "'@team" });
    expect(mine?.budgets_usd).toBe('2.50 per month');
    expect(text).not.toContain(other.key);
    const { rows: all } = await file(world().root, `/keys/export?organization_id=${other.id}`);
    expect(all.map((row) => row.id)).toEqual([other.key]);
    expect((await owner()('GET', `/keys/export?organization_id=${other.id}`)).status).toBe(404);
    expect((await owner()('GET', '/keys/export?limit=3')).status).toBe(400);
  });

  test('requests: every one in reach, with the same spend as usage', async () => {
    const { rows, text } = await file(owner(), '/requests/export?format=csv');
    expect(rows).toHaveLength(14);
    expect(text).not.toContain(other.id);
    const spent = rows.filter((row) => row.spend_usd !== '');
    const { total } = must(await owner()('GET', '/usage'));
    expect(sum(spent, 'spend_usd')).toBe(nanoUsdOf(total.spend));
    const { rows: refused } = await file(owner(), '/requests/export?status=refused');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ code: 'rate_limit_exceeded', count: '5', client_request_id: '\'=HYPERLINK("x")' });
    expect((await owner()('GET', `/requests/export?organization_id=${other.id}`)).status).toBe(404);
  });

  test('audit events: as JSON lines and as a spreadsheet, the same ones', async () => {
    const lines = await owner()('GET', `/audit-events/export?organization_id=${acme.id}`);
    expect(lines.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const { rows } = await file(owner(), `/audit-events/export?organization_id=${acme.id}&format=csv`);
    const events = lines.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { hash: string; object: { name: string } });
    expect(rows.map((row) => row.hash)).toEqual(events.map((event) => event.hash));
    expect(rows.some((row) => row.object_name === `'${FORMULA}`)).toBe(true);
    expect((await owner()('GET', `/audit-events/export?organization_id=${other.id}&format=csv`)).status).toBe(404);
  });
});

describe('comma-separated values', () => {
  test('what begins like a formula is text, also behind a tab or a line end; numbers of ours are not', () => {
    const cells = ['=1', '+1', '-1', '@x', '\tx', '\rx', 'a=b', null, 5, true, { decimal: '-0.5' }];
    expect(csvLine(cells)).toBe("'=1,'+1,'-1,'@x,'\tx,\"'\rx\",a=b,,5,true,-0.5\r\n");
    expect(readCsv(`a,b\r\n${csvLine(['x"y', 'two\nlines'])}`)).toEqual([{ a: 'x"y', b: 'two\nlines' }]);
  });

  test('an export that is cut says so in its last line, and one that ends says nothing', async () => {
    const page = Array.from({ length: 200 }, () => ['x']);
    let text = '';
    for await (const part of exportPages(['name'], async () => ({ lines: page, nextCursor: 'more' }))) text += part;
    const rows = readCsv(text.trimEnd());
    expect(rows).toHaveLength(100_001);
    expect(rows.at(-1)?.name).toContain('there are more');
    let whole = '';
    for await (const part of exportPages(['name'], async () => ({ lines: [['x']], nextCursor: null }))) whole += part;
    expect(whole).toBe('name\r\nx\r\n');
  });
});
