import { z } from 'zod';
import { reachOf } from '../../domain/tenancy/permission.ts';
import * as logins from '../../store/logins/logins.ts';
import { totalOf } from '../../store/paging.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { flag, id, idParams } from '../http/fields.ts';
import { listQuery, pageOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { loginOut, viewLogin } from './login-view.ts';

/** Logins: who is logged in on which device. People end their own, and those who manage a team's keys end the team's. */

export const list = route({
  summary: 'List logins',
  description:
    'Returns the caller’s own logins, and with keys.manage those of the teams that it covers, newest first. A session that only an identity provider opened sees those in its organization.',
  permission: 'signed_in',
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    organization_id: id.optional(),
    team_id: id.optional(),
    own: flag.meta({ description: 'If true, returns only the caller’s own logins.' }),
  }),
  response: pageOut(loginOut),
  load: load.platform,
  handle: async (call) => {
    const { db, clock } = call.deps;
    const { limit, cursor, organization_id: organizationId, team_id: teamId, own } = call.query;
    const filter: logins.LoginFilter = {
      reach: reachOf(call.actor, 'keys.manage'),
      ownAccountId: call.actor.accountId,
      ownIn: call.actor.shown?.known ?? null,
      onlyOwn: own === true,
      organizationId,
      teamId,
    };
    const at = new Date(clock.nowMs());
    const page = await logins.list(db, filter, at, { limit, cursor });
    const data = page.rows.map((row) => viewLogin(call, row));
    return { data, next_cursor: page.nextCursor, total: await totalOf(db, logins.countQuery(db, filter, at)) };
  },
});

export const end = route({
  summary: 'End a login',
  description: 'Its tokens stop working at once. The device has to log in again.',
  permission: ['keys.manage', 'keys.manage_own'],
  params: idParams,
  status: 204,
  response: z.void(),
  load: load.key,
  handle: async (call, { row: { organizationId, id: keyId, name, kind } }) => {
    if (kind !== 'login') throw notFound('login');
    await endAsCaller(call, { organizationId, keyId }, name);
  },
});

async function endAsCaller(call: AdminCall, login: logins.LoginId, name: string): Promise<void> {
  await change(call, async ({ tx, now, record, touch }) => {
    await logins.lock(tx, login);
    if (!(await logins.end(tx, login, 'ended', now))) return;
    await record({
      organizationId: login.organizationId,
      action: 'login.end',
      objectType: 'login',
      objectId: login.keyId,
      objectName: name,
      before: { status: 'active' },
      after: { status: 'revoked', ended_by: 'ended' },
    });
    touch({ organizationIds: [login.organizationId], keyIds: [login.keyId] });
  });
}
