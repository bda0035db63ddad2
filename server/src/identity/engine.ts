import { createHmac } from 'node:crypto';
import { passkey } from '@better-auth/passkey';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError, createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { z } from 'zod';
import { fewAtOnce } from '../lib/few-at-once.ts';
import { type IdPrefix, newId } from '../lib/id.ts';
import { IP_HEADER } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { newRecoveryCodes, recoveryCodesOf } from './recovery-codes.ts';
import { SignInRefused } from './refusal.ts';

/** The time for which a browser stays signed in without a visit. */
const SESSION_SECONDS = 7 * 86_400;
export const SESSION_COOKIE = 'headgate_session';

/** The age up to which a session may add a passkey. An older one must sign in again first. */
const FRESH_SECONDS = 86_400;

/** A hash uses a core for about 50 ms, beside requests. So hashes run one at a time, and others wait a few seconds at most. */
const HASHES_AT_ONCE = 1;
const HASHES_WAITING_MAX = 200;
const BUSY_SECONDS = 5;

const ID_PREFIXES: Readonly<Record<string, IdPrefix>> = { user: 'acct', session: 'sess', passkey: 'pass' };

/** Configures the sign-in library. It is called in-process, never over its own HTTP. */
export function openEngine(options: IdentityOptions) {
  const { publicUrl, key, db, tables } = options;
  const passwords = options.passwords ?? { hash: hashPassword, verify: verifyPassword };
  const oneHash = fewAtOnce({
    atOnce: HASHES_AT_ONCE,
    waitingMax: options.hashesWaitingMax ?? HASHES_WAITING_MAX,
    tooMany: () => new SignInRefused('busy', BUSY_SECONDS),
  });
  const isHttps = publicUrl?.startsWith('https://') === true;
  return betterAuth({
    appName: 'Headgate',
    baseURL: publicUrl ?? 'http://localhost',
    secret: createHmac('sha256', key).update('sign-in').digest('hex'),
    database: drizzleAdapter(db as Readonly<Record<string, unknown>>, { provider: 'pg', schema: tables }),
    logger: { disabled: true }, // Its log lines may name people; important events go to the audit log.
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      maxPasswordLength: 128,
      password: {
        hash: (password) => oneHash(() => passwords.hash(password)),
        verify: (both) => oneHash(() => passwords.verify(both)),
      },
    },
    session: { expiresIn: SESSION_SECONDS, updateAge: 3_600, freshAge: FRESH_SECONDS, cookieCache: { enabled: false } },
    databaseHooks: {
      session: {
        create: {
          before: async ({ userId }) => {
            if (!(await options.mayEnter(userId))) throw new APIError('FORBIDDEN', { code: 'ACCOUNT_DISABLED' });
          },
        },
      },
    },
    advanced: {
      cookiePrefix: 'headgate',
      // The prefix for secure cookies would change their names with the address. The attribute gives the protection.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: isHttps, httpOnly: true, sameSite: 'lax', path: '/' },
      cookies: { session_token: { name: SESSION_COOKIE } },
      disableCSRFCheck: true, // The admin plane checks every unsafe request itself.
      disableOriginCheck: true,
      ipAddress: { ipAddressHeaders: [IP_HEADER] },
      database: { generateId: ({ model }) => newId(ID_PREFIXES[model] ?? 'auth') },
    },
    plugins: [
      twoFactor({
        issuer: 'Headgate',
        backupCodeOptions: { customBackupCodesGenerate: newRecoveryCodes, storeBackupCodes: recoveryCodesOf(key) },
      }),
      passkey({
        rpID: publicUrl === null ? 'localhost' : new URL(publicUrl).hostname,
        rpName: 'Headgate',
        origin: publicUrl === null ? null : new URL(publicUrl).origin,
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        advanced: { webAuthnChallengeCookie: 'passkey' },
        authentication: {
          // A passkey replaces both factors, so the device must have verified its user.
          afterVerification: async ({ verification }) => {
            if (!verification.authenticationInfo.userVerified) throw new APIError('UNAUTHORIZED', { code: 'NOT_VERIFIED' });
          },
        },
      }),
      { id: 'headgate', endpoints: { startSession, readSessionToken, readPendingAccount } },
    ],
  });
}

export type Engine = ReturnType<typeof openEngine>;

/** Signs in an account that has proven itself by a one-time link or through an identity provider. */
const startSession = createAuthEndpoint.serverOnly({ method: 'POST', body: z.object({ accountId: z.string() }) }, async (ctx) => {
  const { accountId } = ctx.body;
  const user = await ctx.context.internalAdapter.findUserById(accountId);
  if (user === null) throw new APIError('UNAUTHORIZED', { code: 'NO_ACCOUNT' });
  const session = await ctx.context.internalAdapter.createSession(accountId);
  await setSessionCookie(ctx, { session, user });
  return ctx.json({ sessionId: session.id });
});

/** Returns the token of the session cookie if our signature is valid. It does not check that the session exists. */
const readSessionToken = createAuthEndpoint.serverOnly({ method: 'GET', requireHeaders: true }, async (ctx) => {
  const { name } = ctx.context.authCookies.sessionToken;
  return { token: (await ctx.getSignedCookie(name, ctx.context.secret)) || null };
});

/** Returns the account whose sign-in waits for a second factor, found by the cookie that the password step set. */
const readPendingAccount = createAuthEndpoint.serverOnly({ method: 'GET', requireHeaders: true }, async (ctx) => {
  const { name } = ctx.context.createAuthCookie('two_factor');
  const challenge = await ctx.getSignedCookie(name, ctx.context.secret);
  const found = challenge ? await ctx.context.internalAdapter.findVerificationValue(challenge) : null;
  return { accountId: found !== null && found.expiresAt > new Date() ? found.value : null };
});
