/** Following requests as they end: everything in one's reach, nothing outside it, and nothing kept when nobody listens. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EndRecord } from '../../src/ledger/records.ts';
import { SettledTail } from '../../src/ledger/settled-tail.ts';
import { makeTeam, makeTeamMember, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { givenEnd, givenRefusal } from '../support/records.ts';
import { asActor, type Listening, listenTo, makeToken } from './listen.ts';

/** Soon, and what a busy machine adds. */
const TOLD_MS = 15_000;

describe('following requests', () => {
  const tail = new SettledTail();
  const world = withAdmin(withDatabase(), { settled: tail });
  let acme = { organizationId: '', teamId: '', memberId: '', accountId: '' };
  let other = { organizationId: '', teamId: '' };
  const open: Listening[] = [];
  const listen = async (path: string, headers: Readonly<Record<string, string>>) => {
    const listening = await listenTo(world().address, path, headers);
    open.push(listening);
    return listening;
  };
  const platform = asActor([{ role: 'platform_admin' }]);
  const idsOf = ({ told }: Listening) => told.filter((one) => one.event === 'request').map((one) => one.data.id);

  beforeAll(async () => {
    const { root } = world();
    const made = await makeTeam(root);
    const person = await makeTeamMember(root, made.team.id);
    const elsewhere = await makeTeam(root);
    acme = {
      organizationId: made.organization.id,
      teamId: made.team.id,
      memberId: person.memberId,
      accountId: person.account.id,
    };
    other = { organizationId: elsewhere.organization.id, teamId: elsewhere.team.id };
  });
  afterEach(async () => {
    for (const listening of open.splice(0)) {
      listening.close();
      await listening.ended;
    }
  });

  const ends = (record: Partial<EndRecord>) => {
    const end = givenEnd({ organizationId: acme.organizationId, teamId: acme.teamId, ...record });
    tail.add(end);
    return end.requestId;
  };

  test('tells a row of the list soon after it ended, and none from before', async () => {
    ends({});
    const listening = await listen('/requests/stream', platform);
    expect(listening.headers.get('content-type')).toContain('text/event-stream');
    const id = ends({ content: Buffer.from('sealed') });
    await expect.poll(() => idsOf(listening), { timeout: TOLD_MS, interval: 20 }).toEqual([id]);
    expect(listening.told[0]?.data).toMatchObject({
      organization_id: acme.organizationId,
      status: 'succeeded',
      spend: '0.000001',
    });
    expect(listening.raw()).not.toContain('sealed');
  });

  test('each hears what is in their reach and nothing of another tenant', async () => {
    const { organizationId, teamId, memberId, accountId } = acme;
    const everybody = await listen('/requests/stream', platform);
    const owner = await listen('/requests/stream', asActor([{ role: 'org_owner', organizationId }]));
    const teamAdmin = await listen('/requests/stream', asActor([{ role: 'team_admin', organizationId, teamId }]));
    const developer = await listen('/requests/stream', asActor([{ role: 'team_developer', organizationId, teamId }], accountId));
    const own = ends({ memberId, serviceAccountId: null });
    const ofTeam = ends({});
    const ofOtherTeam = ends({ teamId: 'team_another' });
    const foreign = ends({ ...other, memberId: 'mem_foreign' });
    await expect.poll(() => idsOf(everybody), { timeout: TOLD_MS }).toEqual([own, ofTeam, ofOtherTeam, foreign]);
    await expect.poll(() => idsOf(owner), { timeout: TOLD_MS }).toEqual([own, ofTeam, ofOtherTeam]);
    await expect.poll(() => idsOf(teamAdmin), { timeout: TOLD_MS }).toEqual([own, ofTeam]);
    await expect.poll(() => idsOf(developer), { timeout: TOLD_MS }).toEqual([own]);
    for (const listening of [owner, teamAdmin, developer]) expect(listening.raw()).not.toContain(other.organizationId);
    const status = async (path: string, roles: readonly object[]) => (await listen(path, asActor(roles))).status;
    expect(
      await status(`/requests/stream?organization_id=${other.organizationId}`, [{ role: 'org_owner', organizationId }]),
    ).toBe(404);
    expect(await status(`/requests/stream?team_id=${other.teamId}`, [{ role: 'org_owner', organizationId }])).toBe(404);
    expect(await status('/requests/stream', [{ role: 'org_member', organizationId }])).toBe(403);
  });

  test('narrows like the list, and refuses what the list would', async () => {
    const refused = await listen('/requests/stream?status=refused', platform);
    const ofOther = await listen(`/requests/stream?organization_id=${other.organizationId}`, platform);
    ends({});
    const refusal = givenRefusal({ organizationId: acme.organizationId, teamId: acme.teamId });
    tail.add(refusal);
    const foreign = ends(other);
    await expect.poll(() => idsOf(refused), { timeout: TOLD_MS }).toEqual([refusal.requestId]);
    await expect.poll(() => idsOf(ofOther), { timeout: TOLD_MS }).toEqual([foreign]);
    expect((await listen('/requests/stream?nonsense=1', platform)).status).toBe(400);
    expect((await listen('/requests/stream?limit=5', platform)).status).toBe(400);
  });

  test('of a flood the newest are told, and how many were left out', async () => {
    const listening = await listen('/requests/stream', platform);
    const ids = Array.from({ length: 10_000 }, () => ends({}));
    await expect.poll(() => idsOf(listening).at(-1), { timeout: TOLD_MS }).toBe(ids.at(-1));
    expect(idsOf(listening)).toEqual(ids.slice(-200));
    expect(listening.told[0]).toEqual({ event: 'missed', data: { count: 9_800 } });
  });

  test('ends when the token is revoked, saying why, and cannot be opened again', async () => {
    const token = await makeToken(world(), 'org_owner', acme.organizationId);
    const listening = await listen('/requests/stream', token.headers);
    await token.revoke();
    await listening.ended;
    expect(listening.told.at(-1)).toMatchObject({ event: 'end', data: { status: 401 } });
    ends({});
    expect(idsOf(listening)).toEqual([]);
    expect((await listen('/requests/stream', token.headers)).status).toBe(401);
  });

  test('one caller has at most twenty; one that leaves makes room', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => listen('/requests/stream', platform)));
    const refused = await listen('/requests/stream', platform);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
    const others = await listen('/requests/stream', asActor([{ role: 'platform_auditor' }], 'acct_other'));
    expect(others.status).toBe(200);
    many[0]?.close();
    await expect.poll(async () => (await listen('/requests/stream', platform)).status, { timeout: TOLD_MS }).toBe(200);
  });

  test('keeps nothing when nobody listens', async () => {
    const follower = tail.follow();
    follower.close();
    follower.close();
    ends({});
    const later = tail.follow();
    expect(later.next()).toEqual({ records: [], missed: 0 });
    later.close();
  });
});
