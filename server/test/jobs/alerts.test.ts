import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mail } from '../../src/identity/mail/mailer.ts';
import { makeAccount, makeOrganization, makeTeam, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { isSignedBy, openReceiver, type Receiver } from './receiver.ts';
import { openReplica, type Replica, until } from './support.ts';

const HOUR_MS = 3_600_000;

onOneDatabase('alerts', (given, kind) => {
  const mails: Mail[] = [];
  const send = async (mail: Mail) => {
    mails.push(mail);
    return { is: 'sent' } as const;
  };
  const mailer = { configured: true, send };
  let replicas: readonly Replica[] = [];
  let receiver: Receiver;
  const desk = {
    jobs: [],
    trouble: () => null,
    nextRunAt: () => null,
    queue: async () => false,
    wake: () => {},
    enqueueDeliveries: (...args: Parameters<Replica['runner']['enqueue']>) => (replicas[0] as Replica).runner.enqueue(...args),
    checkWebhookUrl: () => null,
  };
  const world = withAdmin(given, { jobs: desk });

  beforeAll(async () => {
    receiver = await openReceiver();
    const { clock, keys } = world().deps;
    // The embedded database has one session, and so one process.
    const count = kind === 'embedded' ? 1 : 3;
    replicas = Array.from({ length: count }, () => openReplica(given(), { key: keys.credentials, clock, mailer }));
    await until(() => replicas.every(({ runner }) => runner.trouble() === null));
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await receiver.down();
  });

  async function spend(organizationId: string, nanoUsd: number, whose: object = {}) {
    const admittedAtMs = world().time.nowMs;
    await storeRecords(given(), [givenEnd({ organizationId, admittedAtMs, entries: [givenEntry({ nanoUsd })], ...whose })]);
  }
  const look = async () => {
    for (let turns = 0; turns < 20; turns += 1) {
      const judged = await Promise.all([...replicas, ...replicas].map((replica) => replica.look()));
      if (judged.every((count) => count === 0)) return;
    }
  };
  const alertsOf = async (id: string) => must(await world().root('GET', `/alerts?organization_id=${id}`)).data;
  const hookOf = async (organizationId: string, settings: object = {}) =>
    must(
      await world().root('POST', '/webhooks', {
        organization_id: organizationId,
        name: 'Finance',
        url: receiver.url,
        events: ['budget.threshold'],
        ...settings,
      }),
    );
  const receivedOf = (organizationId: string) =>
    receiver.received.filter(({ body }) => JSON.parse(body).data.organization?.id === organizationId);
  const deliveriesOf = async (hook: { id: string }) => must(await world().root('GET', `/webhooks/${hook.id}/deliveries`)).data;

  describe('thresholds of budgets', () => {
    // promise: Each threshold alerts once per period: webhook (signed), e-mail, console.
    test('are told once each, signed, to webhook, owners and console, however many look at once', async () => {
      const budgets = [{ amount: '10.00', period: 'month', anchor_day: 1, action: 'block', thresholds: [50, 80, 100] }];
      const organization = await makeOrganization(world().root, { budgets });
      const owner = await makeAccount(world().root, 'Owner');
      must(await world().root('POST', `/organizations/${organization.id}/members`, { account_id: owner.id, role: 'org_owner' }));
      const hook = await hookOf(organization.id);
      await spend(organization.id, 4_999_999_999);
      await look();
      expect(await alertsOf(organization.id)).toEqual([]);
      await spend(organization.id, 3_000_000_001);
      await look();
      expect((await alertsOf(organization.id)).map((alert: { data: object }) => alert.data)).toMatchObject([
        { threshold_percent: 80, spent: '8.00', budget: { amount: '10.00', period: 'month' }, scope: { kind: 'organization' } },
        { threshold_percent: 50, spent: '8.00' },
      ]);
      await until(() => receivedOf(organization.id).length >= 2);
      await until(async () => (await deliveriesOf(hook)).every((one: { status: string }) => one.status === 'delivered'));
      expect(receivedOf(organization.id)).toHaveLength(2);
      for (const { headers, body } of receivedOf(organization.id)) {
        expect(JSON.parse(body)).toMatchObject({ type: 'budget.threshold', data: { organization: { id: organization.id } } });
        expect(isSignedBy(hook.secret, { headers, body })).toBe(true);
        expect(isSignedBy(hook.secret, { headers, body: body.replace('8.00', '9.00') })).toBe(false);
      }
      await until(() => mails.filter(({ to }) => to === owner.email).length >= 2);
      const [mail] = mails.filter(({ to }) => to === owner.email);
      expect(mail?.text).toContain('8.00 USD of the month budget of 10.00 USD');
      await look();
      expect(await alertsOf(organization.id)).toHaveLength(2);
    }, 30_000);

    test('of teams, people and keys in use are told, to the people who may read their usage', async () => {
      const budget = { amount: '1.00', period: 'day', action: 'alert', thresholds: [80] };
      const { organization, team } = await makeTeam(world().root, {}, { budgets: [budget] });
      const key = must(await world().root('POST', '/keys', { team_id: team.id, name: 'Reports', budgets: [budget] }));
      await spend(organization.id, 900_000_000, { teamId: team.id, keyId: key.id });
      await look();
      const alerts = await alertsOf(organization.id);
      expect(alerts.map((alert: { data: { scope: object } }) => alert.data.scope)).toEqual(
        expect.arrayContaining([
          { kind: 'team', id: team.id, name: 'Team' },
          { kind: 'key', id: key.id, name: 'Reports' },
        ]),
      );
      expect(alerts).toHaveLength(2);
      const own = { organizationId: organization.id, teamId: team.id };
      const teamAdmin = world().as([{ role: 'team_admin', ...own }]);
      expect((await teamAdmin('GET', '/alerts')).body.data).toHaveLength(2);
      const otherTeam = world().as([{ role: 'team_admin', ...own, teamId: 'team_other' }]);
      expect((await otherTeam('GET', '/alerts')).body.data).toEqual([]);
    });

    // promise: Thresholds count settled spend; those already passed fire once.
    test('are told of a budget set after they were passed, and again in the next period', async () => {
      const organization = await makeOrganization(world().root);
      await spend(organization.id, 600_000_000);
      await look();
      expect(await alertsOf(organization.id)).toEqual([]);
      const budgets = [{ amount: '1.00', period: 'day', action: 'alert', thresholds: [50] }];
      must(await world().root('PATCH', `/organizations/${organization.id}`, { budgets }));
      await look();
      expect(await alertsOf(organization.id)).toHaveLength(1);
      world().time.nowMs += 24 * HOUR_MS;
      await spend(organization.id, 700_000_000);
      await look();
      expect(await alertsOf(organization.id)).toHaveLength(2);
    });

    test('of a rolling budget are told once in its length', async () => {
      const budgets = [{ period: 'rolling', hours: 4, amount: '1.00', action: 'alert', thresholds: [50] }];
      const organization = await makeOrganization(world().root, { budgets });
      for (let hour = 0; hour < 4; hour += 1) {
        await spend(organization.id, 600_000_000);
        await look();
        expect(await alertsOf(organization.id)).toHaveLength(1);
        world().time.nowMs += HOUR_MS - 1;
      }
      world().time.nowMs += HOUR_MS;
      await spend(organization.id, 600_000_000);
      await look();
      expect(await alertsOf(organization.id)).toHaveLength(2);
    });

    test('of a budget of nothing are nothing', async () => {
      const budgets = [{ amount: '0', period: 'day', action: 'alert', thresholds: [50] }];
      const organization = await makeOrganization(world().root, { budgets });
      await spend(organization.id, 1_000);
      await look();
      expect(await alertsOf(organization.id)).toEqual([]);
    });
  });

  // The queue is the same on both; one of them is enough to wait for.
  const onOne = kind === 'embedded' ? describe : () => {};
  onOne('deliveries', () => {
    test('are tried again until the receiver is back, and then arrive once', async () => {
      const organization = await makeOrganization(world().root);
      const hook = await hookOf(organization.id);
      await receiver.down();
      const before = receiver.received.length;
      must(await world().root('POST', `/webhooks/${hook.id}/test`));
      await until(async () => (await deliveriesOf(hook))[0].attempts >= 1);
      expect((await deliveriesOf(hook))[0]).toMatchObject({ status: 'pending', http_status: null });
      receiver.answer = 503;
      await receiver.up();
      await until(async () => (await deliveriesOf(hook))[0].http_status === 503, 15_000);
      receiver.answer = 200;
      await until(async () => (await deliveriesOf(hook))[0].status === 'delivered', 15_000);
      const answered = receiver.received.slice(before).filter(({ body }) => body.includes(hook.id));
      const ids = new Set(answered.map(({ headers }) => headers['webhook-id']));
      expect(ids.size).toBe(1);
      expect((await deliveriesOf(hook))[0]).toMatchObject({ status: 'delivered', http_status: 200, problem: null });
    }, 40_000);

    test('are given up after a day, shown as lost, and sent again when somebody asks', async () => {
      const organization = await makeOrganization(world().root);
      const hook = await hookOf(organization.id);
      receiver.answer = 500;
      must(await world().root('POST', `/webhooks/${hook.id}/test`));
      world().time.nowMs += 25 * HOUR_MS;
      await until(async () => (await deliveriesOf(hook))[0].status === 'lost');
      const [lost] = await deliveriesOf(hook);
      expect(lost).toMatchObject({ problem: 'the receiver answered 500' });
      receiver.answer = 204;
      must(await world().root('POST', `/webhooks/${hook.id}/deliveries/${lost.id}/redeliver`));
      await until(async () => (await deliveriesOf(hook))[0].status === 'delivered');
      receiver.answer = 200;
      expect((await deliveriesOf(hook))[0]).toMatchObject({ event_id: lost.event_id, http_status: 204 });
      expect((await world().root('POST', `/webhooks/${hook.id}/deliveries/dlv_none/redeliver`)).status).toBe(404);
    }, 30_000);

    test('sign with both secrets while a rotation overlaps, and with the new one alone afterwards', async () => {
      const organization = await makeOrganization(world().root);
      const hook = await hookOf(organization.id);
      const rotated = must(await world().root('POST', `/webhooks/${hook.id}/rotate`, { overlap_seconds: 3_600 }));
      expect(rotated.secret).not.toBe(hook.secret);
      const sent = async () => {
        const before = receiver.received.length;
        must(await world().root('POST', `/webhooks/${hook.id}/test`));
        await until(() => receiver.received.length > before);
        return receiver.received[before] as (typeof receiver.received)[number];
      };
      const during = await sent();
      expect([isSignedBy(hook.secret, during), isSignedBy(rotated.secret, during)]).toEqual([true, true]);
      world().time.nowMs += HOUR_MS;
      const after = await sent();
      expect([isSignedBy(hook.secret, after), isSignedBy(rotated.secret, after)]).toEqual([false, true]);
    }, 20_000);

    test('stop where the receiver is gone for good or the webhook was disabled', async () => {
      const organization = await makeOrganization(world().root);
      const hook = await hookOf(organization.id);
      receiver.answer = 410;
      must(await world().root('POST', `/webhooks/${hook.id}/test`));
      await until(async () => (await deliveriesOf(hook))[0].status === 'lost');
      receiver.answer = 200;
      expect(must(await world().root('GET', `/webhooks/${hook.id}`)).status).toBe('disabled');
      expect((await world().root('POST', `/webhooks/${hook.id}/test`)).status).toBe(409);
    }, 20_000);

    test('whose place in line was lost are found and put back', async () => {
      const organization = await makeOrganization(world().root);
      const hook = await hookOf(organization.id);
      must(await world().root('POST', `/webhooks/${hook.id}/test`));
      await until(async () => (await deliveriesOf(hook))[0].status === 'delivered');
      await given().db.execute(`update alert_deliveries set status = 'pending' where webhook_id = '${hook.id}'`);
      world().time.nowMs += 60_000;
      expect(await replicas[0]?.runner.runNow('requeue', 'test')).toBe(true);
      await until(async () => (await deliveriesOf(hook))[0].attempts === 2);
    }, 20_000);
  });
});
