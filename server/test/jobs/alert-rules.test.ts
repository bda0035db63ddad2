/** Alert rules on a real database: what fires, once for each incident, to whom, and how it ends. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mail } from '../../src/identity/mail/mailer.ts';
import { alertRulesJob } from '../../src/jobs/alerts/watch-rules.ts';
import * as schema from '../../src/store/schema.ts';
import { makeAccount, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenRefusal } from '../support/records.ts';
import { openReceiver, type Receiver } from './receiver.ts';
import { openReplica, type Replica, until } from './support.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;

onOneDatabase('alert rules', (given) => {
  const mails: Mail[] = [];
  const mailer = {
    configured: true,
    send: async (mail: Mail) => {
      mails.push(mail);
      return { is: 'sent' } as const;
    },
  };
  let replica: Replica;
  let receiver: Receiver;
  const desk = {
    jobs: [],
    trouble: () => null,
    nextRunAt: () => null,
    queue: async () => false,
    wake: () => {},
    enqueueDeliveries: (...args: Parameters<Replica['runner']['enqueue']>) => replica.runner.enqueue(...args),
    checkWebhookUrl: () => null,
  };
  const world = withAdmin(given, { jobs: desk });

  beforeAll(async () => {
    receiver = await openReceiver();
    const { clock, keys } = world().deps;
    replica = openReplica(given(), { key: keys.credentials, clock, mailer });
    await until(() => replica.runner.trouble() === null);
  });
  afterAll(async () => {
    await replica.stop();
    await receiver.down();
  });
  beforeEach(() => {
    // A day for each test, so that none sees the requests of another in its windows.
    world().time.nowMs =
      Math.ceil(world().time.nowMs / (24 * HOUR_MS)) * 24 * HOUR_MS + 24 * HOUR_MS + 12 * HOUR_MS + 10 * MINUTE_MS;
    receiver.answer = 200;
  });

  /** One look, as of a process that was just started: nothing is kept in memory between two. */
  const look = () => {
    const context = { database: given(), clock: world().deps.clock, signal: new AbortController().signal, warn: () => {} };
    return alertRulesJob(replica.announcer).run(context);
  };
  const pass = (ms: number) => {
    world().time.nowMs += ms;
  };
  const make = async (body: object) => must(await world().root('POST', '/alert-rules', { name: 'Watch', ...body }));
  const firing = async (rule: { id: string }) => must(await world().root('GET', `/alert-rules/${rule.id}`)).firing;
  const told = async (rule: { id: string }) => {
    const { data } = must(await world().root('GET', '/alerts?limit=200'));
    return (data as { type: string; data: { rule?: { id: string } } }[])
      .filter((alert) => alert.data.rule?.id === rule.id)
      .map(({ type }) => type)
      .toReversed();
  };
  /** Requests of now: so many that were answered, and so many that failed or were refused. */
  async function requests(organizationId: string, counts: { ok?: number; failed?: number; refused?: number }) {
    const of = { organizationId, admittedAtMs: world().time.nowMs - MINUTE_MS };
    const many = (count: number, end: object) => Array.from({ length: count }, () => givenEnd({ ...of, ...end }));
    await storeRecords(given(), [
      ...many(counts.ok ?? 0, {}),
      ...many(counts.failed ?? 0, { status: 'failed', httpStatus: 502, entries: [] }),
      ...((counts.refused ?? 0) > 0 ? [givenRefusal({ ...of, count: counts.refused as number })] : []),
    ]);
  }
  async function spend(organizationId: string, atMs: number, nanoUsd: number) {
    const sums = { spendNanoUsd: nanoUsd, admitted: 10, requests: 10 };
    const hourStart = new Date(Math.floor(atMs / HOUR_MS) * HOUR_MS);
    const of = { organizationId, hourStart, teamId: 'team_a', calledName: 'fast', deploymentId: 'dep_a', provider: 'fake' };
    await given()
      .db.insert(schema.teamRollups)
      .values({ ...of, ...sums });
  }

  describe('an incident', () => {
    test('is told once at its begin and once at its end, however often and from wherever it is looked at', async () => {
      const organization = await makeOrganization(world().root);
      const body = { organization_id: organization.id, kind: 'error_rate', threshold: 10, minimum_count: 10, quiet_minutes: 30 };
      const rule = await make(body);
      await requests(organization.id, { ok: 18, failed: 2 });
      await Promise.all([look(), look(), look()]);
      await look();
      expect(await told(rule)).toEqual(['rule.firing']);
      expect(await firing(rule)).toMatchObject([{ subject_id: null, value: 10 }]);
      // The window passes and the errors come back within the quiet time: it is the same incident.
      pass(25 * MINUTE_MS);
      await look();
      await requests(organization.id, { failed: 20 });
      await look();
      pass(40 * MINUTE_MS);
      await look();
      expect(await told(rule)).toEqual(['rule.firing', 'rule.recovered']);
      await look();
      expect(await told(rule)).toEqual(['rule.firing', 'rule.recovered']);
      expect(await firing(rule)).toEqual([]);
      // The list is ordered by time, and the clock of the test does not move by itself.
      pass(MINUTE_MS);
      await requests(organization.id, { failed: 20 });
      await look();
      expect(await told(rule)).toEqual(['rule.firing', 'rule.recovered', 'rule.firing']);
    });

    test('needs the least number of requests, and stays within its organization', async () => {
      const [one, other] = [await makeOrganization(world().root), await makeOrganization(world().root)];
      const body = { kind: 'error_rate', threshold: 50, minimum_count: 2 };
      const rules = [await make({ ...body, organization_id: one.id }), await make({ ...body, organization_id: other.id })];
      const platform = await make({ ...body, minimum_count: 3 });
      await requests(one.id, { failed: 1 });
      await look();
      for (const rule of [...rules, platform]) expect(await told(rule)).toEqual([]);
      await requests(one.id, { failed: 2 });
      await look();
      expect(await told(rules[0])).toEqual(['rule.firing']);
      expect(await told(rules[1])).toEqual([]);
      expect(await told(platform)).toEqual(['rule.firing']);
      const owner = world().as([{ role: 'org_owner', organizationId: other.id }]);
      expect((await owner('GET', `/alert-rules/${rules[0].id}`)).status).toBe(404);
      expect(must(await owner('GET', '/alert-rules')).data.map(({ id }: { id: string }) => id)).toEqual([rules[1].id]);
    });

    test('of refusals counts refused requests among all', async () => {
      const organization = await makeOrganization(world().root);
      const rule = await make({ organization_id: organization.id, kind: 'refusals', threshold: 25, minimum_count: 4 });
      await requests(organization.id, { ok: 10, refused: 3 });
      await look();
      expect(await told(rule)).toEqual([]);
      await requests(organization.id, { refused: 1 });
      await look();
      expect(await told(rule)).toEqual(['rule.firing']);
    });

    test('ends without a message when its rule is turned off', async () => {
      const organization = await makeOrganization(world().root);
      const rule = await make({ organization_id: organization.id, kind: 'error_rate', threshold: 1, minimum_count: 1 });
      await requests(organization.id, { failed: 1 });
      await look();
      must(await world().root('PATCH', `/alert-rules/${rule.id}`, { enabled: false }));
      pass(2 * HOUR_MS);
      await look();
      expect(await told(rule)).toEqual(['rule.firing']);
      expect(await firing(rule)).toEqual([]);
    });
  });

  test('a failing deployment fires without the errors that requests caused, and two at once are one message', async () => {
    const { root } = world();
    const ids: string[] = [];
    for (const model of ['one', 'two', 'blamed'])
      ids.push(
        must(await root('POST', '/deployments', { model: `rules-${model}`, provider: 'fake', upstream_model: 'fake-small' })).id,
      );
    const rule = await make({ kind: 'deployment_failing', threshold: 50, minimum_count: 4, window_minutes: 15 });
    const bucketStart = new Date(Math.floor((world().time.nowMs - 5 * MINUTE_MS) / (15 * MINUTE_MS)) * 15 * MINUTE_MS);
    const of = { organizationId: 'org_a', bucketStart, teamId: 'team_a', provider: 'fake', attempts: 5, errors: 5 };
    const rows = ids.map((deploymentId, index) => ({ ...of, deploymentId, callerErrors: index === 2 ? 5 : 0 }));
    await given().db.insert(schema.attemptRollups).values(rows);
    await look();
    expect(await told(rule)).toEqual(['rule.firing']);
    expect((await firing(rule)).map((one: { subject_id: string }) => one.subject_id).toSorted()).toEqual(
      [ids[0], ids[1]].toSorted(),
    );
  });

  test('a refused credential fires, and one that ends soon', async () => {
    const { root } = world();
    const made = async (name: string, days: number | null) => {
      const expires_at = days === null ? null : new Date(world().time.nowMs + days * 24 * HOUR_MS + MINUTE_MS).toISOString();
      return must(await root('POST', '/credentials', { name, provider: 'openai', api_key: 'sk-0123456789abcdef', expires_at }))
        .id;
    };
    const [refused, soon] = [await made('rules-refused', null), await made('rules-soon', 7)];
    await made('rules-late', 30);
    const at = new Date(world().time.nowMs);
    await given()
      .db.insert(schema.credentialChecks)
      .values({ credentialId: refused, checkedAt: at, ok: false, message: 'Incorrect API key provided', failingSince: at });
    const rule = await make({ kind: 'credential', threshold: 14 });
    await look();
    expect((await firing(rule)).map((one: { subject_id: string }) => one.subject_id).toSorted()).toEqual(
      [refused, soon].toSorted(),
    );
    const { data } = must(await root('GET', '/alerts?type=rule.firing'));
    expect(JSON.stringify(data[0])).not.toContain('Incorrect');
    expect(
      (await world().root('POST', '/alert-rules', { name: 'x', kind: 'credential', organization_id: 'org_none' })).status,
    ).toBe(404);
  });

  test('unusual spend is measured against the same weekday and hour, in the organization’s time zone', async () => {
    const organization = await makeOrganization(world().root, { time_zone: 'Europe/Paris' });
    const rule = await make({ organization_id: organization.id, kind: 'spend', window_minutes: 60, minimum_usd: '5.00' });
    const last = world().time.nowMs - HOUR_MS;
    await spend(organization.id, last, 20e9);
    await look();
    // Nothing is known of what is usual.
    expect(await told(rule)).toEqual([]);
    for (const week of [1, 2, 3, 4]) {
      await spend(organization.id, last - week * WEEK_MS, (1 + week / 10) * 1e9);
      // Other hours of that day do not matter.
      await spend(organization.id, last - week * WEEK_MS - 3 * HOUR_MS, 20e9);
    }
    await look();
    expect(await told(rule)).toEqual(['rule.firing']);
    const { data } = must(await world().root('GET', `/alerts?organization_id=${organization.id}`));
    expect(data[0].data.incidents[0]).toMatchObject({ spent: '20.00', usual: '1.25', count: 10 });
  });

  describe('a message', () => {
    test('goes to named webhooks, as a text for Slack, and to owners; a test shows what was sent and answered', async () => {
      const organization = await makeOrganization(world().root);
      const owner = await makeAccount(world().root, 'Owner');
      must(await world().root('POST', `/organizations/${organization.id}/members`, { account_id: owner.id, role: 'org_owner' }));
      const hook = async (format: string) =>
        must(
          await world().root('POST', '/webhooks', {
            ...{ organization_id: organization.id, name: format, url: receiver.url, events: [], format },
          }),
        ).id;
      const webhook_ids = [await hook('slack'), await hook('standard')];
      const rule = await make({
        ...{ organization_id: organization.id, name: 'Too <many> errors', kind: 'error_rate', threshold: 5, minimum_count: 1 },
        ...{ webhook_ids, mail: true },
      });
      const before = receiver.received.length;
      const started = must(await world().root('POST', `/alert-rules/${rule.id}/test`));
      const shown = async () => must(await world().root('GET', `/alerts/${started.alert_id}/deliveries`)).data;
      await until(async () => (await shown()).every((one: { status: string }) => one.status === 'delivered'));
      const bodies = receiver.received.slice(before).map(({ body }) => JSON.parse(body));
      expect(bodies).toContainEqual({ text: expect.stringContaining('Test: Too &lt;many&gt; errors') });
      expect(await shown()).toMatchObject([
        { channel: 'slack', http_status: 200, sent: expect.stringContaining('{"text":') },
        { channel: 'webhook', http_status: 200, sent: expect.stringContaining('"type":"rule.test"') },
        { channel: 'mail', receiver: owner.email, http_status: null, sent: expect.stringContaining('Test: Too <many> errors') },
      ]);
      expect(mails.at(-1)).toMatchObject({ to: owner.email, subject: 'Test: Too <many> errors' });
      await requests(organization.id, { ok: 9, failed: 1 });
      await look();
      await until(() => receiver.received.length === before + 4);
      const texts = receiver.received.slice(before + 2).map(({ body }) => JSON.parse(body).text ?? '');
      expect(texts.join()).toContain('10 % of 10 requests in Made failed');
    }, 20_000);

    test('of a test is tried once, and a secret that cannot be opened ends its delivery', async () => {
      const organization = await makeOrganization(world().root);
      const url = receiver.url;
      const hook = must(
        await world().root('POST', '/webhooks', { organization_id: organization.id, name: 'x', url, events: [] }),
      );
      const rule = await make({ organization_id: organization.id, kind: 'error_rate', webhook_ids: [hook.id] });
      const sent = async () => {
        const { alert_id: id } = must(await world().root('POST', `/alert-rules/${rule.id}/test`));
        const read = async () => must(await world().root('GET', `/alerts/${id}/deliveries`)).data[0];
        await until(async () => (await read()).status !== 'pending');
        return read();
      };
      receiver.answer = 500;
      expect(await sent()).toMatchObject({ status: 'lost', attempts: 1, http_status: 500, problem: 'the receiver answered 500' });
      await given()
        .db.update(schema.webhooks)
        .set({ sealed: Buffer.from('another key sealed this') });
      expect(await sent()).toMatchObject({ status: 'lost', problem: expect.stringContaining('cannot be opened') });
      must(await world().root('POST', `/webhooks/${hook.id}/test`));
      const { data } = must(await world().root('GET', `/webhooks/${hook.id}/deliveries`));
      await until(async () => (await world().root('GET', `/webhooks/${hook.id}/deliveries?status=lost`)).body.data.length === 3);
      expect(data[0].type).toBe('webhook.test');
      receiver.answer = 200;
      must(await world().root('POST', `/webhooks/${hook.id}/rotate`, { overlap_seconds: 3_600 }));
      expect(await sent()).toMatchObject({ status: 'delivered', http_status: 200 });
    }, 20_000);
  });

  test('settings are bounded, and a webhook of another tenant cannot be named', async () => {
    const { root } = world();
    const [one, other] = [await makeOrganization(root), await makeOrganization(root)];
    const foreign = must(
      await root('POST', '/webhooks', { organization_id: other.id, name: 'x', url: 'https://hooks.example/', events: [] }),
    );
    const refused = async (body: object) => {
      const answer = await root('POST', '/alert-rules', { name: 'x', kind: 'error_rate', organization_id: one.id, ...body });
      expect(answer.status).toBe(400);
      return answer.body.errors[0].pointer;
    };
    expect(await refused({ kind: 'deployment_failing' })).toBe('/kind');
    expect(await refused({ threshold: 0 })).toBe('/threshold');
    expect(await refused({ threshold: 101 })).toBe('/threshold');
    expect(await refused({ kind: 'spend', window_minutes: 15 })).toBe('/window_minutes');
    expect(await refused({ window_minutes: 20 })).toBe('/window_minutes');
    expect(await refused({ minimum_count: 0 })).toBe('/minimum_count');
    expect(await refused({ quiet_minutes: 0 })).toBe('/quiet_minutes');
    expect(await refused({ webhook_ids: [foreign.id] })).toBe('/webhook_ids/0');
    const rule = await make({ organization_id: one.id, kind: 'error_rate' });
    expect(rule).toMatchObject({ threshold: 10, window_minutes: 15, minimum_count: 20, quiet_minutes: 30, mail: false });
    expect((await root('POST', `/alert-rules/${rule.id}/test`)).status).toBe(409);
    const stale = await root('PATCH', `/alert-rules/${rule.id}`, { threshold: 20 }, { 'if-match': '"7"' });
    expect(stale.status).toBe(412);
    must(await root('DELETE', `/alert-rules/${rule.id}`));
    const actions = must(await root('GET', `/organizations/${one.id}/audit-events`)).data.map(
      ({ action }: { action: string }) => action,
    );
    expect(actions).toEqual(expect.arrayContaining(['alert_rule.create', 'alert_rule.delete']));
  });
});
