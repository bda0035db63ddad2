/** The batches of an organization in the admin API: who lists, reads and cancels which, and what of them is shown. */
import { beforeAll, expect, test } from 'vitest';
import { LineSet, packLines } from '../../src/domain/batches/line-plan.ts';
import { newId } from '../../src/lib/id.ts';
import { insert, type NewBatch } from '../../src/store/batches/batches.ts';
import { withDatabase } from '../support/database.ts';
import { grantsOf, makeTenants, ROLES, type TeamPlace } from '../support/tenants.ts';
import { must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase());
let teams: readonly { readonly team: TeamPlace; readonly batchId: string }[];

beforeAll(async () => {
  const { root } = world();
  const [mine, other] = await makeTenants(async (method, path, body) => must(await root(method, path, body)));
  teams = await Promise.all(
    [mine.teams[0], mine.teams[1], other.teams[0]].map(async (team) => ({ team, batchId: await makeBatch(team) })),
  );
});

/** A batch of three lines as its admission stores it: the second one is not sent. */
async function makeBatch(team: TeamPlace, more: Partial<NewBatch> = {}): Promise<string> {
  const { db, clock } = world().deps;
  const at = new Date(clock.nowMs());
  const held = { is: 'held', inputTokens: 5, outputTokens: 5, nanoUsd: 10 } as const;
  const plan = packLines([held, { is: 'refused', error: 'endpoint_mismatch' }, held]);
  const row = {
    ...{ organizationId: team.organizationId, id: newId('batch', clock.nowMs()), teamId: team.teamId, keyId: team.key.id },
    ...{ calledName: '50%_nightly', endpoint: '/v1/chat/completions', inputFileId: 'file-a', status: 'in_progress' as const },
    ...{ createdAt: at, expiresAt: new Date(at.getTime() + 86_400_000), nextAt: at, requestId: 'req_a', decision: '{}' },
    ...{ deploymentId: 'dep_a', provider: 'openai', upstreamModel: 'gpt', total: 3, failed: 1, completed: 1 },
    ...{ heldTokens: 20, heldNanoUsd: 20, spentNanoUsd: 1_500_000_000 },
    ...more,
  };
  await insert(db, row, { plan, settled: LineSet.empty(3).bits });
  return row.id;
}

const at = (index: number) => teams[index] as (typeof teams)[number];
const pathOf = (index: number) => `/organizations/${at(index).team.organizationId}/batches`;

test('each role lists the batches of the teams whose spend it may see, and of no other organization', async () => {
  const { team } = at(0);
  const seen: Record<string, unknown> = {};
  for (const role of ROLES) {
    const client = world().as(grantsOf(role, team), team.developer.accountId);
    const [own, other] = [await client('GET', pathOf(0)), await client('GET', pathOf(2))];
    const ids: string[] = own.status === 200 ? own.body.data.map(({ id }: { id: string }) => id) : [];
    const one = await client('GET', `${pathOf(1)}/${at(1).batchId}`);
    seen[role] = [
      own.status,
      ids
        .map((id) => teams.findIndex(({ batchId }) => batchId === id))
        .sort()
        .join(),
      one.status,
      other.status,
    ];
  }
  expect(seen).toEqual({
    platform_admin: [200, '0,1', 200, 200],
    platform_auditor: [200, '0,1', 200, 200],
    org_owner: [200, '0,1', 200, 404],
    org_admin: [200, '0,1', 200, 404],
    org_billing: [200, '0,1', 200, 404],
    org_auditor: [200, '0,1', 200, 404],
    org_member: [403, '', 403, 404],
    team_admin: [200, '0', 403, 404],
    // The team's own key is a service account's, and a developer sees what their own keys made.
    team_developer: [200, '', 403, 404],
    team_viewer: [403, '', 403, 404],
  });
});

test('a batch shows its progress, its cost and the lines that were not sent, and no content', async () => {
  const { root } = world();
  const { team, batchId } = at(0);
  const one = must(await root('GET', `${pathOf(0)}/${batchId}`));
  expect(one).toMatchObject({
    ...{ id: batchId, status: 'in_progress', model: '50%_nightly', spend: '1.50', provider: 'openai', trouble: null, errors: [] },
    ...{ lines: { total: 3, completed: 1, failed: 1 }, key_id: team.key.id, team_id: team.teamId, output_file_id: null },
    refused_lines: { data: [{ line: 2, error: 'endpoint_mismatch' }], total: 1 },
  });
  expect(Object.keys(one)).not.toContain('decision');
  const idsOf = async (query: string) =>
    must(await root('GET', `${pathOf(0)}?${query}`)).data.map(({ id }: { id: string }) => id);
  expect(await idsOf(`search=${encodeURIComponent('0%_N')}&team_id=${team.teamId}`)).toEqual([batchId]);
  expect(await idsOf(`search=${batchId}&status=in_progress&key_id=${team.key.id}`)).toEqual([batchId]);
  for (const none of ['search=x', 'status=completed', `search=${at(2).batchId}`]) expect(await idsOf(none)).toEqual([]);
});

test('who manages keys cancels a batch that runs, which is recorded; one that ended stays as it is', async () => {
  const { root, as } = world();
  const { team } = at(0);
  const admin = as(grantsOf('team_admin', team), team.developer.accountId);
  const [running, ended] = [await makeBatch(team), await makeBatch(team, { status: 'completed' })];
  const cancel = (index: number, id: string) => `${pathOf(index)}/${id}/cancel`;
  expect((await admin('POST', cancel(1, at(1).batchId))).status).toBe(403);
  for (const path of [cancel(2, at(2).batchId), cancel(0, at(2).batchId), cancel(0, 'batch_nothing')])
    expect((await admin('POST', path)).status).toBe(404);
  expect((await as(grantsOf('org_auditor', team))('POST', cancel(0, running))).status).toBe(403);
  expect(must(await admin('POST', cancel(0, running)))).toMatchObject({ id: running, status: 'cancelling' });
  const refused = await admin('POST', cancel(0, ended));
  expect([refused.status, refused.body.detail]).toEqual([409, 'A batch with the status completed cannot be cancelled.']);
  const { data } = must(await root('GET', `/organizations/${team.organizationId}/audit-events?action=batch.cancel`));
  expect(data).toMatchObject([
    { object: { type: 'batch', id: running }, before: { status: 'in_progress' }, after: { status: 'cancelling' } },
  ]);
  expect(must(await root('GET', `${pathOf(1)}/${at(1).batchId}`)).status).toBe('in_progress');
});
