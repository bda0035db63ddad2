import { type Engine, openEngine } from './engine.ts';
import { type Cookies, cookiesOf, headersOf, type Visitor } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { openPasskeys, type Passkeys } from './passkeys.ts';
import { refusing, SignInRefused } from './refusal.ts';
import { openSecondFactors, type SecondFactors } from './second-factor.ts';
import { createThrottle } from './throttle.ts';

export type SignInOutcome =
  | { readonly is: 'signed_in'; readonly accountId: string; readonly cookies: Cookies }
  | { readonly is: 'second_factor'; readonly cookies: Cookies };

/** How often something may be tried. The first name is whose it is, the others are from where; each failure makes the next wait longer. */
export interface Attempts {
  /** Lets an attempt through, or rejects with `too_many_attempts`. A success forgets the owner's failures. */
  throttled<T>(names: readonly string[], attempt: () => Promise<T>): Promise<T>;
  /** Counts an attempt of which nobody hears how it went, or throws `too_many_attempts`. */
  count(names: readonly string[]): void;
  forget(owner: string): void;
}

/** Who are you: every operation rejects with SignInRefused when the answer is not good enough. */
export interface Identity {
  /** The token inside the visitor's session cookie, its signature checked; null without one. Whether it still holds is the store's to say. */
  sessionToken(visitor: Visitor): Promise<string | null>;
  signIn(credentials: { readonly email: string; readonly password: string }, visitor: Visitor): Promise<SignInOutcome>;
  /** Signs in an account that has proven itself by a one-time link. */
  startSession(accountId: string, visitor: Visitor): Promise<Cookies>;
  /** Moves the end of the visitor's session out, and that of their cookie. */
  refresh(visitor: Visitor): Promise<Cookies>;
  signOut(visitor: Visitor): Promise<Cookies>;
  hashPassword(password: string): Promise<string>;
  /** True when the password is the one of this hash; null is a hash nobody has. */
  verifyPassword(password: string, hash: string | null): Promise<boolean>;
  readonly attempts: Attempts;
  readonly secondFactors: SecondFactors;
  readonly passkeys: Passkeys;
}

/** Opens the room. Nothing is read or written before the first question. */
export function openIdentity(options: IdentityOptions): Identity {
  const engine = openEngine(options);
  const attempts = attemptsBy(options.nowMs);
  return {
    sessionToken: async (visitor) => {
      if (visitor.cookie === undefined) return null;
      return (await engine.api.readSessionToken({ headers: headersOf(visitor) })).token;
    },
    signIn: (credentials, visitor) =>
      attempts.throttled([`password:${credentials.email}`, visitor.ip], () => signInWithPassword(engine, credentials, visitor)),
    startSession: async (accountId, visitor) => {
      const wanted = { body: { accountId }, headers: headersOf(visitor), returnHeaders: true } as const;
      return cookiesOf(await refusing('not_signed_in', () => engine.api.startSession(wanted)));
    },
    refresh: async (visitor) => cookiesOf(await engine.api.getSession({ headers: headersOf(visitor), returnHeaders: true })),
    signOut: async (visitor) => cookiesOf(await engine.api.signOut({ headers: headersOf(visitor), returnHeaders: true })),
    hashPassword: async (password) => (await engine.$context).password.hash(password),
    verifyPassword: async (password, hash) => hash !== null && (await engine.$context).password.verify({ password, hash }),
    attempts,
    secondFactors: openSecondFactors(engine, options),
    passkeys: openPasskeys(engine),
  };
}

const PER_OWNER = { freeFailures: 5, waitMsMax: 15 * 60_000 };
/** A whole office may stand behind an address: one guesser in it must not lock the others out. */
const PER_ADDRESS = { freeFailures: 100, waitMsMax: 60_000 };

/** The first name is whose secret is guessed at; what follows are the addresses it is guessed from. */
function attemptsBy(nowMs: () => number): Attempts {
  const byOwner = createThrottle(nowMs, PER_OWNER);
  const byAddress = createThrottle(nowMs, PER_ADDRESS);
  const count: Attempts['count'] = ([owner = '', ...addresses]) => {
    const waitMs = Math.max(byOwner.waitMs(owner), ...addresses.map((address) => byAddress.waitMs(address)));
    if (waitMs > 0) throw new SignInRefused('too_many_attempts', Math.ceil(waitMs / 1_000));
    byOwner.failed(owner);
    for (const address of addresses) byAddress.failed(address);
  };
  return {
    count,
    forget: (owner) => byOwner.succeeded(owner),
    throttled: async (names, attempt) => {
      count(names); // Before it is looked at, so that a thousand guesses at once are not one.
      const done = await attempt();
      const [owner = '', ...addresses] = names;
      byOwner.succeeded(owner);
      for (const address of addresses) byAddress.forgiven(address);
      return done;
    },
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
    ? { is: 'signed_in', accountId: response.user.id, cookies }
    : { is: 'second_factor', cookies };
}
