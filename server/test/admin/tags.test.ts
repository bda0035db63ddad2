import { describe, expect, test } from 'vitest';
import { tellPassedOver } from '../../src/boot/tell-passed-over.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import { passedOver } from '../../src/store/catalogue/passed-over.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { freshSlug, makeOrganization, makeTeam, makeTeamMember, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');

onOneDatabase('tags over HTTP', (given) => {
  const world = withAdmin(given, { upstream });

  // promise: A request may name tags
  describe('of an organization, a team and a key', () => {
    const tags = { default_tags: ['eu', 'eu', 'cost:7'], required_tags: ['gdpr'] };
    const kept = { default_tags: ['eu', 'cost:7'], required_tags: ['gdpr'] };

    test('are given with creation, changed, cleared, shown, and told in the audit log', async () => {
      const { root } = world();
      const organization = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'Acme', ...tags }));
      const team = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Team', ...tags }));
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app', ...tags }));
      for (const [path, made] of [
        [`/organizations/${organization.id}`, organization],
        [`/teams/${team.id}`, team],
        [`/keys/${key.id}`, key],
      ] as const) {
        expect(made).toMatchObject(kept);
        const changed = must(await root('PATCH', path, { required_tags: ['a', 'b'] }));
        expect(changed).toMatchObject({ default_tags: ['eu', 'cost:7'], required_tags: ['a', 'b'] });
        expect(changed.version).toBe(made.version + 1);
        expect(must(await root('PATCH', path, { default_tags: null }))).toMatchObject({
          default_tags: [],
          required_tags: ['a', 'b'],
        });
        expect(must(await root('GET', path))).toMatchObject({ default_tags: [], required_tags: ['a', 'b'] });
      }
      const events = must(await root('GET', `/organizations/${organization.id}/audit-events?limit=200`)).data;
      const changes = events.filter((event: { action: string }) => event.action === 'team.update');
      expect(changes).toHaveLength(2);
      expect(changes[1].after).toMatchObject({ required_tags: ['a', 'b'] });
    });

    test.each([
      ['nine', Array.from({ length: 9 }, (_, index) => `t${index}`)],
      ['a comma', ['a,b']],
      ['a space', ['a b']],
      ['an empty one', ['']],
      ['65 characters', ['x'.repeat(65)]],
    ])('%s is 400 at the field', async (_name, list) => {
      const { root } = world();
      const { organization, team } = await makeTeam(root);
      for (const field of ['default_tags', 'required_tags']) {
        const answers = [
          await root('PATCH', `/organizations/${organization.id}`, { [field]: list }),
          await root('PATCH', `/teams/${team.id}`, { [field]: list }),
          await root('POST', '/keys', { team_id: team.id, name: 'app', [field]: list }),
        ];
        for (const answer of answers)
          expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, expect.stringContaining(`/${field}`)]);
      }
    });

    test('are changed by whoever changes the limits there: nobody drops what a wider level requires', async () => {
      const { root, as } = world();
      const { organization, team } = await makeTeam(
        root,
        { required_tags: ['eu'] },
        { required_tags: ['gpu'], self_service: { enabled: true } },
      );
      const { account } = await makeTeamMember(root, team.id);
      const at = { organizationId: organization.id };
      const developer = as([{ role: 'team_developer', ...at, teamId: team.id }], account.id);
      const teamAdmin = as([{ role: 'team_admin', ...at, teamId: team.id }]);
      const owner = as([{ role: 'org_owner', ...at }]);
      const none = { required_tags: [] };
      const own = must(await developer('POST', '/keys', { team_id: team.id, name: 'mine', owner: { account_id: account.id } }));
      const paths = [`/organizations/${organization.id}`, `/teams/${team.id}`, `/keys/${own.id}`];
      const statuses = async (caller: typeof root) => {
        const each = [];
        for (const path of paths) each.push((await caller('PATCH', path, none)).status);
        return each;
      };
      expect(await statuses(developer)).toEqual([403, 403, 403]);
      expect(await statuses(teamAdmin)).toEqual([403, 403, 200]);
      expect(await statuses(owner)).toEqual([403, 200, 200]);
      expect(must(await root('GET', paths[0] as string)).required_tags).toEqual(['eu']);
      expect(await statuses(root)).toEqual([200, 200, 200]);
    });
  });

  describe('that requests with a key name', () => {
    test('route unless the key says otherwise: given, kept by other changes, and told in the audit log', async () => {
      const { root } = world();
      const { organization, team } = await makeTeam(root);
      const plain = must(await root('POST', '/keys', { team_id: team.id, name: 'plain' }));
      const strict = must(await root('POST', '/keys', { team_id: team.id, name: 'strict', caller_tags: 'refuse' }));
      expect([plain.caller_tags, strict.caller_tags]).toEqual(['route', 'refuse']);
      const renamed = must(await root('PATCH', `/keys/${strict.id}`, { name: 'renamed' }));
      expect(renamed.caller_tags).toBe('refuse');
      expect(must(await root('PATCH', `/keys/${strict.id}`, { caller_tags: 'attribute' })).caller_tags).toBe('attribute');
      expect((await root('PATCH', `/keys/${strict.id}`, { caller_tags: 'ignore' })).status).toBe(400);
      const events = must(await root('GET', `/organizations/${organization.id}/audit-events?limit=200`)).data;
      const [change] = events.filter((event: { action: string; after: object | null }) => event.action === 'key.update');
      expect([change.before.caller_tags, change.after.caller_tags]).toEqual(['refuse', 'attribute']);
    });

    test('are decided by whoever changes its limits, not by its owner', async () => {
      const { root, as } = world();
      const { organization, team } = await makeTeam(root, {}, { self_service: { enabled: true } });
      const { account } = await makeTeamMember(root, team.id);
      const at = { organizationId: organization.id, teamId: team.id };
      const developer = as([{ role: 'team_developer', ...at }], account.id);
      const own = must(await developer('POST', '/keys', { team_id: team.id, name: 'mine', owner: { account_id: account.id } }));
      expect((await developer('PATCH', `/keys/${own.id}`, { caller_tags: 'route' })).status).toBe(403);
      const teamAdmin = as([{ role: 'team_admin', ...at }]);
      expect(must(await teamAdmin('PATCH', `/keys/${own.id}`, { caller_tags: 'refuse' })).caller_tags).toBe('refuse');
    });
  });

  describe('of deployments', () => {
    test('are what a request can name; stored ones from before may stay', async () => {
      const { root } = world();
      const made = await makeDeployment(root, freshName(), { tags: ['eu', 'cost:7'] });
      const refused = await root('PATCH', `/deployments/${made.id}`, { tags: ['eu', 'eu/west'] });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/tags/1']);
      await given().pool.query(`update deployments set tags = '{eu/west}' where id = $1`, [made.id]);
      expect(must(await root('PATCH', `/deployments/${made.id}`, { tags: ['eu/west', 'us'] })).tags).toEqual(['eu/west', 'us']);
    });

    test('say at which names requests without tags pass it over, in the view, in the list and at the start', async () => {
      const { root } = world();
      const [alone, mixed, group] = [freshName('alone'), freshName('mixed'), freshName('group')];
      const only = await makeDeployment(root, alone, { tags: ['eu'] });
      const tagged = await makeDeployment(root, mixed, { tags: ['eu'] });
      const plain = await makeDeployment(root, mixed);
      const members = [only, plain].map(({ id }) => ({ deployment_id: id }));
      must(await root('POST', '/route-groups', { key: group, members }));
      const shown = async (id: string) => must(await root('GET', `/deployments/${id}`)).passed_over_at;
      expect([await shown(only.id), await shown(tagged.id), await shown(plain.id)]).toEqual([[group], [mixed], []]);
      const idsOf = async (query: string) =>
        must(await root('GET', `/deployments?limit=200&${query}`)).data.map(({ id }: { id: string }) => id);
      expect(await idsOf('passed_over=true')).toEqual(expect.arrayContaining([only.id, tagged.id]));
      expect(await idsOf('passed_over=true')).not.toContain(plain.id);
      expect(await idsOf('passed_over=false')).toContain(plain.id);
      expect((await passedOver(given().db)).get(tagged.id)).toEqual([mixed]);
      const lines: string[] = [];
      await tellPassedOver(given().db, {
        info: (facts: object, text: string) => lines.push(JSON.stringify({ ...facts, text })),
      } as never);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`{"id":"${tagged.id}","targets":["${mixed}"]}`);
      must(await root('PATCH', `/deployments/${plain.id}`, { enabled: false }));
      expect([await shown(only.id), await shown(tagged.id)]).toEqual([[], []]);
    });
  });

  test('of a request are on its row and in its decision, from memory and from the database', async () => {
    const { root } = world();
    const { id: organizationId } = await makeOrganization(root);
    const shape = {
      defaults: ['gpu'],
      required: ['eu'],
      targets: [{ target: 'fast', routed: ['eu', 'gpu'], deployments: ['dep_1'] }],
    };
    const row = rowOf({ organizationId, tags: ['project-x', 'gpu', 'eu'], tagRoute: '1.tshape', decision: '|o* t= k=|' });
    const without = rowOf({ organizationId, decision: '|o* t= k=|' });
    await storeRecords(given(), [row, without], [{ organizationId, id: 'tshape', rules: shape }]);
    const read = must(await root('GET', `/requests/${row.requestId}`));
    expect(read.tags).toEqual(['project-x', 'gpu', 'eu']);
    expect(read.decision.tags).toEqual({
      asked: ['project-x'],
      defaults: ['gpu'],
      required: ['eu'],
      routed: ['eu', 'gpu'],
      deployments: ['dep_1'],
      targets: shape.targets,
    });
    expect(must(await root('GET', `/requests/${without.requestId}`))).toMatchObject({ tags: [], decision: { tags: null } });
    const listed = must(await root('GET', `/requests?organization_id=${organizationId}`)).data;
    expect(listed.map(({ tags }: { tags: string[] }) => tags.length).toSorted()).toEqual([0, 3]);
  });

  // promise: Only tags that a deployment of the called target carries
  describe('usage by the tags of requests', () => {
    // promise: A request counts under each of its tags in the usage
    test('counts a request under each of its tags, says what had none, and the total counts each once', async () => {
      const { root } = world();
      const { id: organizationId } = await makeOrganization(root);
      const entry = (nanoUsd: number, usage: Record<string, number> = { input: 10 }) => ({
        entries: [givenEntry({ nanoUsd, usage })],
      });
      await storeRecords(given(), [
        rowOf({ organizationId, tags: ['a', 'b'], tagRoute: '2.', ...entry(1_000_000_000) }),
        rowOf({ organizationId, tags: ['a'], tagRoute: '1.', ...entry(2_000_000_000, { input: 10, search: 3 }) }),
        rowOf({ organizationId, ...entry(4_000_000_000, { input: 10, search: 1 }) }),
      ]);
      const ask = async (more: string) =>
        must(await root('GET', `/usage?organization_id=${organizationId}&from=2026-03-01T00:00:00Z${more}`));
      const byTag = await ask('&group_by=tag');
      const line = (tag: string | null) => byTag.data.find((one: { tag: string | null }) => one.tag === tag);
      expect(byTag.data).toHaveLength(3);
      expect(line('a')).toMatchObject({ requests: 2, spend: '3.00', units: [{ unit: 'search', quantity: 3 }] });
      expect(line('b')).toMatchObject({ requests: 1, spend: '1.00', units: [] });
      expect(line(null)).toMatchObject({ requests: 1, spend: '4.00', units: [{ unit: 'search', quantity: 1 }] });
      expect(byTag.total).toMatchObject({ requests: 3, spend: '7.00', units: [{ unit: 'search', quantity: 4 }] });
      expect(await ask('&tag=a')).toMatchObject({
        data: [{ requests: 2, spend: '3.00' }],
        total: { requests: 2, spend: '3.00' },
      });
      expect((await ask('&tag=a&group_by=key')).data).toMatchObject([{ key_id: 'key_01', requests: 2 }]);
      expect((await ask('&tag=nobody')).total).toMatchObject({ requests: 0, spend: '0.00' });
      expect((await root('GET', '/usage/export?format=focus&group_by=tag')).status).toBe(400);
    });
  });

  let sequence = 0;
  /** A request of its own time, a minute before the last. */
  function rowOf(more: Partial<EndRecord>): EndRecord {
    sequence += 1;
    const admittedAtMs = NOW_MS - sequence * 60_000;
    return givenEnd({ admittedAtMs, requestId: requestId(admittedAtMs), ...more });
  }
});
