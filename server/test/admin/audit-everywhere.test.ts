import { expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

onOneDatabase('one audit log over all organizations', (given) => {
  const world = withAdmin(given);
  interface Event {
    readonly seq: number;
    readonly at: string;
    readonly organization_id: string | null;
    readonly organization_name: string | null;
    readonly action: string;
    readonly object: { readonly id: string };
    readonly after: Readonly<Record<string, unknown>>;
  }
  const organizationsIn = (data: readonly Event[]) => new Set(data.map((event) => event.organization_id));

  /** Three organizations with one change each, a second apart. */
  async function scene() {
    const { root, time } = world();
    const made = [await makeOrganization(root), await makeOrganization(root), await makeOrganization(root)];
    for (const { id } of made) {
      time.nowMs += 1_000;
      must(await root('PATCH', `/organizations/${id}`, { name: `Renamed ${id}` }));
    }
    const [one, two, three] = made.map(({ id }) => id as string) as [string, string, string];
    return { one, two, three };
  }

  test('shows each caller the organizations that they may audit, newest first, with names', async () => {
    const { as } = world();
    const { one, two, three } = await scene();
    const auditor = as([
      { role: 'org_auditor', organizationId: one },
      { role: 'org_owner', organizationId: two },
      { role: 'org_billing', organizationId: three },
    ]);
    const { data, total } = must(await auditor('GET', '/audit-events/all'));
    expect(organizationsIn(data)).toEqual(new Set([one, two]));
    expect([data.length, total]).toEqual([4, 4]);
    expect(data[0]).toMatchObject({ organization_id: two, organization_name: `Renamed ${two}`, action: 'organization.update' });
    const times = data.map((event: Event) => event.at);
    expect(times).toEqual([...times].sort().reverse());
    expect((await as([{ role: 'org_billing', organizationId: three }])('GET', '/audit-events/all')).status).toBe(403);
  });

  test('has the platform’s own events only for those who may read them', async () => {
    const { root, as } = world();
    const { one } = await scene();
    must(await root('POST', '/access-groups', { key: `audited-${process.pid}`, name: 'Audited' }));
    const auditor = as([{ role: 'platform_auditor' }]);
    const platform = must(await auditor('GET', '/audit-events/all?scope=platform&search=audited-'));
    expect(platform.data).toMatchObject([{ organization_id: null, organization_name: null, action: 'access_group.create' }]);
    const owner = as([{ role: 'org_owner', organizationId: one }]);
    expect(must(await owner('GET', '/audit-events/all?scope=platform'))).toMatchObject({ data: [], total: 0 });
    const all: Event[] = must(await auditor('GET', '/audit-events/all?limit=200')).data;
    expect(organizationsIn(all).has(null)).toBe(true);
    const narrowed = must(await auditor('GET', '/audit-events/all?scope=organizations&limit=200')).data;
    expect(organizationsIn(narrowed).has(null)).toBe(false);
  });

  test('is filtered by organization, object, actor, action, range and text, and hides other organizations', async () => {
    const { root, as } = world();
    const { one, two } = await scene();
    const seen = async (query: string) => must(await root('GET', `/audit-events/all?organization_id=${one}&${query}`)).data;
    expect(await seen('action=organization.update')).toHaveLength(1);
    expect(await seen(`object_type=organization&object_id=${one}`)).toHaveLength(2);
    expect(await seen('actor_id=acct_nobody')).toEqual([]);
    expect(await seen('search=anization.upd')).toHaveLength(1);
    // A wildcard of the database is a letter like others.
    expect(await seen('search=%25nization')).toEqual([]);
    const [update] = (await seen('action=organization.update')) as [Event];
    expect(await seen(`from=${update.at}`)).toHaveLength(1);
    expect(await seen(`to=${update.at}`)).toHaveLength(1);
    expect((await root('GET', `/audit-events/all?from=${update.at}&to=2020-01-01T00:00:00Z`)).status).toBe(400);
    const owner = as([{ role: 'org_owner', organizationId: two }]);
    expect((await owner('GET', `/audit-events/all?organization_id=${one}`)).status).toBe(404);
  });

  test('pages by the time of the events without a gap or a repetition', async () => {
    const { as } = world();
    const { one, two, three } = await scene();
    const owner = as([one, two, three].map((organizationId) => ({ role: 'org_owner', organizationId }) as const));
    const whole: Event[] = must(await owner('GET', '/audit-events/all')).data;
    const paged: Event[] = [];
    let cursor = '';
    do {
      const page = must(await owner('GET', `/audit-events/all?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`));
      paged.push(...page.data);
      cursor = page.next_cursor ?? '';
    } while (cursor !== '');
    expect(paged.map(({ organization_id, seq }) => `${organization_id} ${seq}`)).toEqual(
      whole.map(({ organization_id, seq }) => `${organization_id} ${seq}`),
    );
    expect((await owner('GET', '/audit-events/all?cursor=nonsense')).status).toBe(400);
  });

  test('is exported as JSON lines or CSV with the same filters, and the export is an event of each organization', async () => {
    const { as, root } = world();
    const { one, two, three } = await scene();
    const owner = as([one, two].map((organizationId) => ({ role: 'org_owner', organizationId }) as const));
    const lines = (await owner('GET', '/audit-events/all/export?action=organization.update')).text.trim().split('\n');
    const events: Event[] = lines.map((line) => JSON.parse(line));
    expect(events.map((event) => event.organization_id)).toEqual([two, one]);
    expect(events[0]).toHaveProperty('previous_hash');
    const csv = (await owner('GET', '/audit-events/all/export?format=csv&action=organization.update')).text.trim().split('\n');
    expect(csv).toHaveLength(3);
    expect(csv[0]).toMatch(/^seq,at,organization_id/);
    for (const id of [one, two]) {
      const [event] = must(await root('GET', `/organizations/${id}/audit-events?action=audit_log.export`)).data;
      expect(event).toMatchObject({ object: { type: 'audit_log' }, after: { format: 'csv', action: 'organization.update' } });
    }
    expect(must(await root('GET', `/organizations/${three}/audit-events?action=audit_log.export`)).data).toEqual([]);
    must(await root('GET', `/audit-events/verify?organization_id=${one}`));
    const platform = must(await root('GET', '/audit-events?action=audit_log.export')).total;
    await root('GET', '/audit-events/all/export?object_id=nothing');
    expect(must(await root('GET', '/audit-events?action=audit_log.export')).total).toBe(platform + 1);
  });
});
