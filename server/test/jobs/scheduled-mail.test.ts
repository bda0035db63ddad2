import { beforeAll, beforeEach, expect, test } from 'vitest';
import { sendScheduledMail } from '../../src/admin/scheduled-mails/send-mail.ts';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import type { Mail, Sent } from '../../src/identity/mail/mailer.ts';
import { sendDue } from '../../src/jobs/scheduled-mail.ts';
import { requestId } from '../../src/lib/id.ts';
import * as schema from '../../src/store/schema.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

onOneDatabase('scheduled mails', (given) => {
  const mails: Mail[] = [];
  let answer: Sent = { is: 'sent' };
  const mailer = {
    configured: true,
    send: async (mail: Mail): Promise<Sent> => {
      if (answer.is === 'sent') mails.push(mail);
      return answer;
    },
  };
  const world = withAdmin(given, { mailer, publicUrl: 'https://gateway.example' });
  let acme = '';
  let viewId = '';

  beforeAll(async () => {
    const { root } = world();
    acme = (await makeOrganization(root, { name: 'Acme', time_zone: 'Asia/Kolkata' })).id;
    const { db } = given();
    for (const [id, role] of Object.entries({ acct_bill: 'org_billing', acct_owner: 'org_admin', acct_dev: 'org_member' })) {
      await db.insert(schema.accounts).values({ id, name: id, email: `${id}@acme.test` });
      must(await root('POST', `/organizations/${acme}/members`, { account_id: id, role }));
    }
    viewId = must(
      await billing()('POST', '/saved-views', { name: 'By model', path: '/usage', query: 'group_by=model&range=7d' }),
    ).id;
    const admittedAtMs = Date.parse('2026-02-20T10:00:00Z');
    const entries = [givenEntry({ nanoUsd: 1_250_000_000 })];
    const use = {
      organizationId: acme,
      teamId: 'team_x',
      calledName: '=model',
      admittedAtMs,
      requestId: requestId(admittedAtMs),
    };
    await storeRecords(given(), [givenEnd({ ...use, entries })]);
  });
  beforeEach(() => {
    mails.length = 0;
    answer = { is: 'sent' };
  });

  const billing = () => world().as([{ role: 'org_billing', organizationId: acme } as RoleGrant], 'acct_bill');
  const path = () => `/organizations/${acme}/scheduled-mails`;
  // The clock stands at Tuesday, 10 March 2026, 17:30 in Kolkata.
  const statement = { name: 'Statement', every: 'week', day: 2, hour: 18, form: 'csv', recipients: ['acct_bill', 'acct_owner'] };
  const shown = async (id: string) => must(await billing()('GET', path())).data.find((one: { id: string }) => one.id === id);

  /** One pass of the job, as one replica makes it. */
  function run(): Promise<string> {
    const { deps } = world();
    const context = { database: given(), clock: deps.clock, signal: new AbortController().signal, warn: () => {} };
    return sendDue(context, (scheduleId, accountId) => sendScheduledMail(deps, scheduleId, accountId));
  }
  const wait = (ms: number) => {
    world().time.nowMs += ms;
  };

  test('are sent once to each person, with two replicas and after a restart, and again the week after', async () => {
    const made = must(await billing()('POST', path(), statement));
    expect(made).toMatchObject({ next_at: '2026-03-10T12:30:00.000Z', last_sent_at: null, last_problem: null });
    await run();
    expect(mails).toEqual([]);
    wait(HOUR_MS);
    await Promise.all([run(), run()]);
    await run();
    expect(mails.map(({ to }) => to).toSorted()).toEqual(['acct_bill@acme.test', 'acct_owner@acme.test']);
    expect(mails[0]).toMatchObject({
      subject: 'Statement',
      attachment: { type: 'text/csv', content: expect.stringMatching(/^model,2026-02,.*,'=model,.*,1\.25,/m) },
    });
    expect(mails[0]?.text).toContain(`https://gateway.example/organizations/${acme}/statements?month=2026-02`);
    expect(await shown(made.id)).toMatchObject({ next_at: '2026-03-17T12:30:00.000Z', last_problem: null });
    wait(7 * DAY_MS);
    await run();
    expect(mails).toHaveLength(4);
    must(await billing()('PATCH', `/scheduled-mails/${made.id}`, { status: 'paused' }));
    wait(7 * DAY_MS);
    await run();
    expect(mails).toHaveLength(4);
    must(await billing()('DELETE', `/scheduled-mails/${made.id}`));
  });

  test('a person without the right any more gets nothing, and the schedule says so', async () => {
    const { id } = must(await billing()('POST', path(), { ...statement, form: 'table' }));
    const members = must(await world().root('GET', `/organizations/${acme}/members`)).data;
    const owner = members.find((one: { account_id: string }) => one.account_id === 'acct_owner');
    must(await world().root('PATCH', `/organizations/${acme}/members/${owner.id}`, { role: 'org_member' }));
    wait(7 * DAY_MS);
    await run();
    expect(mails.map(({ to }) => to)).toEqual(['acct_bill@acme.test']);
    expect(await shown(id)).toMatchObject({
      last_problem: { account_name: 'acct_owner', refused: true, message: expect.stringContaining('usage.read') },
    });
    must(await billing()('DELETE', `/scheduled-mails/${id}`));
  });

  test('a mail server that fails is tried again later; what a stopped process may have sent is not', async () => {
    const { id } = must(await billing()('POST', path(), { ...statement, recipients: ['acct_bill'], saved_view_id: viewId }));
    answer = { is: 'failed', reason: 'ECONNREFUSED' };
    wait(7 * DAY_MS);
    await run();
    await run();
    expect(await shown(id)).toMatchObject({ last_sent_at: null, last_problem: { refused: false, message: 'ECONNREFUSED' } });
    answer = { is: 'sent' };
    wait(HOUR_MS);
    await run();
    expect(mails).toHaveLength(1);
    expect(await shown(id)).toMatchObject({ last_problem: null });
    await given().db.update(schema.scheduledMailDeliveries).set({ status: 'sending' });
    wait(HOUR_MS);
    await run();
    expect(mails).toHaveLength(1);
    expect((await shown(id)).last_problem.message).toMatch(/may have arrived/);
  });

  test('a test goes to oneself; names cannot become HTML', async () => {
    const made = must(await billing()('POST', path(), { ...statement, name: '<b>Ours</b>', form: 'table', recipients: [] }));
    expect(must(await billing()('POST', `/scheduled-mails/${made.id}/test`))).toEqual({ sent: true, message: null });
    expect(mails[0]?.to).toBe('acct_bill@acme.test');
    expect(mails[0]?.html).toContain('<td style="text-align:right;padding:2px 12px 2px 0">');
    expect((await world().root('POST', `/scheduled-mails/${made.id}/test`)).status).toBe(403);
  });

  test.each([
    ['a person who may not read the usage', { recipients: ['acct_dev'] }, '/recipients/0'],
    ['nobody known', { recipients: ['acct_bill', 'acct_nowhere'] }, '/recipients/1'],
    ['the eighth day of a week', { day: 8 }, '/day'],
    ['an hour too late', { hour: 24 }, '/hour'],
  ])('400 for %s', async (_, body, pointer) => {
    const { status, body: problem } = await billing()('POST', path(), { ...statement, ...body });
    expect([status, problem.errors[0].pointer]).toEqual([400, pointer]);
  });

  test('only views of usage can be mailed; an organization has at most 20 schedules', async () => {
    const view = must(await billing()('POST', '/saved-views', { name: 'Log', path: '/requests', query: '' }));
    expect((await billing()('POST', path(), { ...statement, saved_view_id: view.id })).status).toBe(400);
    let last = 0;
    for (let made = 0; made < 21 && last !== 409; made += 1) {
      last = (await billing()('POST', path(), { ...statement, recipients: [] })).status;
    }
    expect([last, must(await billing()('GET', path())).data.length]).toEqual([409, 20]);
  });
});
