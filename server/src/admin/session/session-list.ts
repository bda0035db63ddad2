import { z } from 'zod';
import * as signIn from '../../store/accounts/sign-in.ts';
import { change } from '../http/change.ts';
import { id, instantOut, isoOf } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import * as own from '../people/own-account.ts';
import { accountEvent } from './sign-in-audit.ts';

/** A person's own sessions: lists them and ends them. */

const sessionOut = z
  .object({
    id: z.string(),
    created_at: instantOut,
    last_used_at: instantOut.meta({ description: 'The time of the last use, to the minute.' }),
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
    current: z.boolean(),
  })
  .meta({ id: 'SignedInBrowser', description: 'A browser in which an account is signed in.' });

export const list = route({
  summary: 'List your own sessions',
  description: 'Returns the browsers in which the caller is signed in, with the address and the time of the last use.',
  permission: 'signed_in',
  response: z.object({ data: z.array(sessionOut) }),
  load: load.platform,
  handle: async (call) => {
    const { id } = await own.account(call);
    const rows = await signIn.listSessions(call.deps.db, id, new Date(call.deps.clock.nowMs()));
    return { data: rows.map((row) => view(row, call.actor.sessionId)) };
  },
});

export const end = route({
  summary: 'End one of your own sessions',
  description: 'Signs the caller out in one browser. Their own current session can be ended too.',
  permission: 'signed_in',
  params: z.object({ session_id: id }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await change(call, async ({ tx, record }) => {
      const { session_id: sessionId } = call.params;
      if (!(await signIn.endSession(tx, { accountId: account.id, id: sessionId }))) throw notFound('session');
      await record(accountEvent('account.session_end', account, { session_id: sessionId }));
    });
  },
});

export const endOthers = route({
  summary: 'End all your other sessions',
  description: 'Signs the caller out everywhere but here.',
  permission: 'signed_in',
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    await change(call, async ({ tx, record }) => {
      const ended = await signIn.endSessions(tx, account.id, call.actor.sessionId ?? null);
      await record(accountEvent('account.session_end', account, { sessions_ended: ended }));
    });
  },
});

function view(row: signIn.SessionRow, currentId: string | undefined): z.output<typeof sessionOut> {
  return {
    id: row.id,
    created_at: isoOf(row.createdAt),
    last_used_at: isoOf(row.lastUsedAt),
    ip: row.ipAddress || null,
    user_agent: row.userAgent || null,
    current: row.id === currentId,
  };
}
