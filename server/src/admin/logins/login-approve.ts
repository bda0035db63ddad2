import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readUserCode } from '../../domain/logins/user-code.ts';
import { LOGIN_MS, POLL_SECONDS } from '../../domain/logins/words.ts';
import { hashedSecret, hashesOf } from '../../lib/secrets.ts';
import type { LoginRequestRow } from '../../store/logins/login-requests.ts';
import * as requests from '../../store/logins/login-requests.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { id, instantOut, isoOf } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound, type Problem } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import * as own from '../people/own-account.ts';
import { againOut, isFresh, requireFreshSignIn, shownAgainFields, waysToShowAgain } from '../people/shown-again.ts';
import { endedUseOfCaller } from './ended-use.ts';
import { loginPlaces, placeOut } from './login-places.ts';
import { makeLogin } from './make-login.ts';

/**
 * The approval of logins, by a person who has just signed in and who has seen what asks. A sign-in through an identity provider
 * approves them too, where its organization is: elsewhere the person has no role with it.
 */

const deviceName = text(100, 1)
  .refine((value) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(value), 'must not contain control characters')
  .meta({
    pattern: '^[^\\p{C}\\p{Zl}\\p{Zp}]*$',
    description: 'The name of the device, as the person will find it in the list of logins.',
  });
const userCode = text(32, 1).meta({ description: 'The code that the device shows, `WDJB-MJHT`.' });
const budget = text(32, 1)
  .optional()
  .meta({
    description:
      'The most that the login may spend, in USD, where the team bounds what members’ keys spend. Default: all that is left.',
    examples: ['20'],
  });
const choice = { team_id: id, budget, ...shownAgainFields };

/** The ports from 1024 to 65535, as a pattern can say them. */
const PORT =
  '(102[4-9]|10[3-9][0-9]|1[1-9][0-9]{2}|[2-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
/** A loopback address (RFC 8252, 7.3): of this machine alone, with a port, without a query. */
const LOOPBACK = `^http://(127\\.0\\.0\\.1|\\[::1\\]):${PORT}(/[A-Za-z0-9/_.-]{0,200})?$`;
const redirectUri = z
  .string()
  .max(300)
  .regex(
    new RegExp(LOOPBACK),
    'must be http://127.0.0.1:<port> or http://[::1]:<port> with a port from 1024, and without a query',
  )
  .meta({ pattern: LOOPBACK, examples: ['http://127.0.0.1:43210/callback'] });

const authorizeBody = z.strictObject({
  ...choice,
  device_name: deviceName,
  client: text(100, 1).optional().meta({ description: 'The program that logs in, as it named itself.' }),
  redirect_uri: redirectUri,
  code_challenge: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be a challenge of PKCE with S256')
    .meta({ examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'] }),
  code_challenge_method: z.literal('S256'),
  state: text(512).optional().meta({ description: 'Returned as it is, with the code.' }),
});

export const places = route({
  summary: 'List the teams that you may log in to',
  description: 'Returns the caller’s teams, with the reason where they may not log in. Also says whether the sign-in is fresh.',
  permission: 'signed_in',
  response: z
    .object({
      data: z.array(placeOut),
      is_fresh: z.boolean().meta({
        description:
          'True if the caller signed in within the last 10 minutes, in their own way or at an identity provider that says when it was. Otherwise approving asks again. A provider counts in its own organization alone.',
      }),
      again: againOut.meta({ description: 'The ways in which the caller can show again that it is them.' }),
    })
    .meta({ id: 'LoginPlaces' }),
  load: load.platform,
  handle: async (call) => ({
    data: await loginPlaces(call),
    is_fresh: await isFresh(call, null),
    again: await waysToShowAgain(call),
  }),
});

export const authorize = route({
  summary: 'Approve a login on this machine',
  description:
    'Returns a code that only the program with the verifier of PKCE can exchange for tokens. The browser takes it to a loopback address, and to no other. Needs a sign-in of the last 10 minutes, or the password or a passkey. A sign-in counts as older if the identity provider did not say when it was.',
  permission: ['keys.manage', 'keys.manage_own'],
  takesReason: false,
  body: authorizeBody,
  response: z.object({
    redirect_to: z.string().meta({ description: 'The loopback address with the code, to open in the browser.' }),
    expires_in: z.int(),
  }),
  load: loadTeamOfBody,
  handle: async (call, team) => {
    const account = await own.person(call);
    await requireFreshSignIn(call, account, team.organizationId, call.body);
    const { body } = call;
    const ended = await endedUseOfCaller(call, team);
    const code = `hgcode_${randomBytes(32).toString('base64url')}`;
    const client = body.client ?? 'unknown';
    await change(call, async (change) => {
      const asked = { deviceName: body.device_name, client, way: 'loopback', ip: call.raw.ip, budget: body.budget } as const;
      const login = await makeLogin(call, change, team, asked, ended);
      await requests.insert(change.tx, {
        hash: hashedSecret(call.deps.keys.pepper, code).hash,
        ...{ way: 'loopback', state: 'approved', deviceName: body.device_name, client, ip: call.raw.ip },
        ...{ codeChallenge: body.code_challenge, redirectUri: body.redirect_uri, seenBy: account.id, ...login },
        ...{ intervalSeconds: POLL_SECONDS, createdAt: change.now },
        expiresAt: new Date(change.now.getTime() + LOGIN_MS.authorizationCode),
      });
    });
    const back = new URL(body.redirect_uri);
    back.searchParams.set('code', code);
    if (body.state !== undefined) back.searchParams.set('state', body.state);
    return { redirect_to: back.href, expires_in: LOGIN_MS.authorizationCode / 1_000 };
  },
});

export const lookup = route({
  summary: 'Look up the device that shows a code',
  description: 'Returns what asks, from which address and since when. Each look-up counts against guessing, a right one too.',
  permission: 'signed_in',
  body: z.strictObject({ user_code: userCode }),
  response: z
    .object({
      device_name: z.string(),
      client: z.string(),
      ip: z.string().nullable(),
      is_same_network: z.boolean().meta({ description: 'True if the device asked from the address of the caller.' }),
      asked_at: instantOut,
      expires_at: instantOut,
    })
    .meta({ id: 'LoginRequest' }),
  load: load.platform,
  handle: async (call) => {
    const account = await own.person(call);
    // By account alone: people who share an address must not wait for one another.
    call.deps.identity.attempts.count({ owner: `device-code:${account.id}`, from: null });
    const row = await change(call, async ({ tx, now }) => {
      const found = await waiting(call, tx, now);
      await requests.update(tx, found.hash, { seenBy: account.id });
      return found;
    });
    return {
      device_name: row.deviceName,
      client: row.client,
      ip: row.ip,
      is_same_network: row.ip !== null && row.ip === call.raw.ip,
      asked_at: isoOf(row.createdAt),
      expires_at: isoOf(row.expiresAt),
    };
  },
});

export const approve = route({
  summary: 'Approve a device',
  description:
    'The device gets its tokens at its next question. Only who looked up the code can approve it, with a sign-in of the last 10 minutes, the password or a passkey. A sign-in counts as older if the identity provider did not say when it was.',
  permission: ['keys.manage', 'keys.manage_own'],
  takesReason: false,
  body: z.strictObject({ ...choice, user_code: userCode, device_name: deviceName.optional() }),
  status: 204,
  response: z.void(),
  load: loadTeamOfBody,
  handle: async (call, team) => {
    const account = await own.person(call);
    await requireFreshSignIn(call, account, team.organizationId, call.body);
    const ended = await endedUseOfCaller(call, team);
    await change(call, async (change) => {
      const request = await seen(call, change, account.id);
      const { client, ip } = request;
      const asked = {
        deviceName: call.body.device_name ?? request.deviceName,
        client,
        ip,
        way: 'device',
        budget: call.body.budget,
      } as const;
      const login = await makeLogin(call, change, team, asked, ended);
      await requests.update(change.tx, request.hash, { state: 'approved', userCodeHash: null, ...login });
    });
  },
});

export const deny = route({
  summary: 'Deny a device',
  description: 'The device hears that its login was denied, and the code stops working.',
  permission: 'signed_in',
  body: z.strictObject({ user_code: userCode }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.person(call);
    await change(call, async (change) => {
      const request = await seen(call, change, account.id);
      await requests.update(change.tx, request.hash, { state: 'denied', userCodeHash: null });
      await change.record({
        organizationId: null,
        action: 'login.deny',
        objectType: 'login',
        objectId: account.id,
        objectName: account.name,
        before: null,
        after: { device_name: request.deviceName, client: request.client, asked_from: request.ip },
      });
    });
  },
});

type CodeCall = AdminCall<unknown, unknown, { readonly user_code: string }>;

/** Returns the request that waits under the code of a body. Throws 404, in the same words for every code that is none. */
async function waiting(call: CodeCall, tx: Change['tx'], now: Date): Promise<LoginRequestRow> {
  const code = readUserCode(call.body.user_code);
  const found = code === null ? null : await requests.lockWaiting(tx, hashesOf(call.deps.keys, code), now);
  if (found === null) throw noSuchCode();
  return found;
}

async function seen(call: CodeCall, { tx, now }: Change, accountId: string): Promise<LoginRequestRow> {
  const found = await waiting(call, tx, now);
  if (found.seenBy !== accountId) throw noSuchCode();
  return found;
}

function noSuchCode(): Problem {
  return notFound('code: it may be mistyped or older than 10 minutes. Start the login again on the device');
}

async function loadTeamOfBody(call: AdminCall<unknown, unknown, { readonly team_id: string }>): Promise<Loaded<TeamRow>> {
  const team = await load.findTeam(call, call.body.team_id);
  return { place: { organizationId: team.organizationId, teamId: team.id, ownerAccountId: call.actor.accountId }, object: team };
}
