import { expect, test } from 'vitest';
import { noMailer } from '../../src/identity/mail/mailer.ts';
import { deliver } from '../../src/jobs/alerts/deliver.ts';
import { backlog } from '../../src/store/alerts/alert-deliveries.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';

const HOUR_MS = 3_600_000;

onOneDatabase('lost deliveries', (given) => {
  const desk = {
    jobs: [],
    trouble: () => null,
    nextRunAt: () => null,
    runNow: async () => false,
    queue: async () => false,
    wake: () => {},
    // Nobody delivers but the test.
    enqueueDeliveries: async () => {},
    checkWebhookUrl: () => null,
  };
  const world = withAdmin(given, { jobs: desk });

  async function made(): Promise<{ readonly hookId: string; readonly deliveryId: string }> {
    const { root } = world();
    const { id: organization_id } = await makeOrganization(root);
    const body = { organization_id, name: 'Finance', url: 'https://hooks.example/', events: ['budget.threshold'] };
    const hook = must(await root('POST', '/webhooks', body));
    must(await root('POST', `/webhooks/${hook.id}/test`));
    return { hookId: hook.id, deliveryId: must(await root('GET', `/webhooks/${hook.id}/deliveries`)).data[0].id };
  }

  /** One attempt, which the receiver answers with a status. */
  async function attempt({ deliveryId }: { readonly deliveryId: string }, status: number): Promise<void> {
    const { clock, keys } = world().deps;
    const post = async () => ({ is: 'answered', status }) as const;
    const options = { db: given().db, clock, post, mailer: noMailer, key: keys.credentials, publicUrl: null };
    await deliver(options, deliveryId).catch(() => {}); // It rejects where another attempt is due.
  }

  const pass = (ms: number) => {
    world().time.nowMs += ms;
  };
  const lostWithin = async (ms: number) => (await backlog(given().db, new Date(world().time.nowMs - ms))).lost;

  test('count for a day from the time at which they were given up', async () => {
    const [gone, off, failing] = [await made(), await made(), await made()];
    await attempt(gone, 410);
    await attempt(failing, 500);
    must(await world().root('PATCH', `/webhooks/${off.hookId}`, { status: 'disabled' }));
    await attempt(off, 200);
    expect(await lostWithin(24 * HOUR_MS)).toBe(2);
    pass(24 * HOUR_MS + 1);
    expect(await lostWithin(24 * HOUR_MS)).toBe(0);
    pass(HOUR_MS);
    await attempt(failing, 500);
    expect(await lostWithin(HOUR_MS / 2)).toBe(1);
    pass(24 * HOUR_MS + 1);
    expect(await lostWithin(24 * HOUR_MS)).toBe(0);
  });
});
