import { type Attempt, type Attempts, createAttempts } from './attempts.ts';
import { type Devices, openDevices } from './devices.ts';
import { type Engine, openEngine } from './engine.ts';
import { type Cookies, cookiesOf, headersOf, type Visitor } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { openPasskeys, type Passkeys } from './passkeys.ts';
import { refusing } from './refusal.ts';
import { openSecondFactors, type SecondFactors } from './second-factor.ts';

export type SignInOutcome =
  | { readonly is: 'signed_in'; readonly accountId: string; readonly token: string; readonly cookies: Cookies }
  | { readonly is: 'second_factor'; readonly cookies: Cookies };

/** Signs people in. Every operation rejects with SignInRefused if it refuses. */
export interface Identity {
  /** Returns the session cookie's token if its signature is valid, otherwise null. The store decides if it is still valid. */
  sessionToken(visitor: Visitor): Promise<string | null>;
  signIn(credentials: { readonly email: string; readonly password: string }, visitor: Visitor): Promise<SignInOutcome>;
  /** Signs in an account that has proven itself by a one-time link or through an identity provider. */
  startSession(accountId: string, visitor: Visitor): Promise<{ readonly sessionId: string; readonly cookies: Cookies }>;
  /** Extends the visitor's session and its cookie. */
  refresh(visitor: Visitor): Promise<Cookies>;
  signOut(visitor: Visitor): Promise<Cookies>;
  hashPassword(password: string): Promise<string>;
  /** Resolves with true if the hash is of this password; with false if it is null. */
  verifyPassword(password: string, hash: string | null): Promise<boolean>;
  readonly attempts: Attempts;
  readonly devices: Devices;
  /** Returns the attempt to count if this visitor tries a password for this address. */
  passwordAttempt(email: string, visitor: Visitor): Attempt;
  readonly secondFactors: SecondFactors;
  readonly passkeys: Passkeys;
}

/** Opens sign-in. It reads and writes nothing before the first call. */
export function openIdentity(options: IdentityOptions): Identity {
  const engine = openEngine(options);
  const attempts = createAttempts(options.nowMs);
  const devices = openDevices(options);
  const passwordAttempt: Identity['passwordAttempt'] = (email, visitor) => ({
    owner: `password:${email}`,
    from: visitor.ip,
    byAnybody: { device: devices.knownTo(email, visitor) },
  });
  return {
    sessionToken: async (visitor) => {
      if (visitor.cookie === undefined) return null;
      return (await engine.api.readSessionToken({ headers: headersOf(visitor) })).token;
    },
    signIn: (credentials, visitor) =>
      attempts.throttled(passwordAttempt(credentials.email, visitor), () => signInWithPassword(engine, credentials, visitor)),
    startSession: async (accountId, visitor) => {
      const wanted = { body: { accountId }, headers: headersOf(visitor), returnHeaders: true } as const;
      const answer = await refusing('not_signed_in', () => engine.api.startSession(wanted));
      return { sessionId: answer.response.sessionId, cookies: cookiesOf(answer) };
    },
    refresh: async (visitor) => cookiesOf(await engine.api.getSession({ headers: headersOf(visitor), returnHeaders: true })),
    signOut: async (visitor) => cookiesOf(await engine.api.signOut({ headers: headersOf(visitor), returnHeaders: true })),
    hashPassword: async (password) => (await engine.$context).password.hash(password),
    verifyPassword: async (password, hash) => hash !== null && (await engine.$context).password.verify({ password, hash }),
    attempts,
    devices,
    passwordAttempt,
    secondFactors: openSecondFactors(engine, options),
    passkeys: openPasskeys(engine, options),
  };
}

async function signInWithPassword(
  engine: Engine,
  body: { readonly email: string; readonly password: string },
  visitor: Visitor,
): Promise<SignInOutcome> {
  const wanted = { body: { ...body }, headers: headersOf(visitor), returnHeaders: true } as const;
  const answer = await refusing('wrong_credentials', () => engine.api.signInEmail(wanted));
  const cookies = cookiesOf(answer);
  const { response } = answer;
  return 'user' in response && response.user !== undefined
    ? { is: 'signed_in', accountId: response.user.id, token: response.token, cookies }
    : { is: 'second_factor', cookies };
}
