import { type Engine, openEngine } from './engine.ts';
import { cookiesOf, headersOf, type Visitor } from './exchange.ts';
import { refusing, SignInRefused } from './refusal.ts';
import { createThrottle } from './throttle.ts';

/** What this room needs of the store and the settings. */
export interface IdentityOptions {
  /** A Drizzle database. */
  readonly db: object;
  /** The tables under the names by which the engine asks for them. */
  readonly tables: Readonly<Record<string, unknown>>;
  /** Where browsers come to; null: wherever they came to. */
  readonly publicUrl: string | null;
  /** 32 bytes: signs cookies, seals the secrets of authenticator apps, hashes recovery codes. */
  readonly key: Buffer;
  readonly nowMs: () => number;
  /** False for a disabled account, which gets no session. */
  readonly mayEnter: (accountId: string) => Promise<boolean>;
}

/** `Set-Cookie` values to answer with. */
export type Cookies = readonly string[];

export type SignInOutcome =
  | { readonly is: 'signed_in'; readonly accountId: string; readonly cookies: Cookies }
  | { readonly is: 'second_factor'; readonly cookies: Cookies };

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
  /** True when the password is the one of this hash. */
  verifyPassword(password: string, hash: string): Promise<boolean>;
}

/** One office or one school may stand behind an address. */
const FAILURES_PER_ADDRESS = 30;

/** Opens the room. Nothing is read or written before the first question. */
export function openIdentity(options: IdentityOptions): Identity {
  const engine = openEngine(options);
  const byAccount = createThrottle(options.nowMs);
  const byAddress = createThrottle(options.nowMs, FAILURES_PER_ADDRESS);
  return {
    sessionToken: async (visitor) => {
      if (visitor.cookie === undefined) return null;
      return (await engine.api.readSessionToken({ headers: headersOf(visitor) })).token;
    },
    signIn: async ({ email, password }, visitor) => {
      refuseHurry(Math.max(byAccount.waitMs(email), byAddress.waitMs(visitor.ip)));
      // Counted before it is looked at, so that a thousand guesses at once are not one.
      byAccount.failed(email);
      byAddress.failed(visitor.ip);
      const outcome = await signInWithPassword(engine, { email, password }, visitor);
      byAccount.succeeded(email);
      byAddress.forgiven(visitor.ip);
      return outcome;
    },
    startSession: async (accountId, visitor) => {
      const wanted = { body: { accountId }, headers: headersOf(visitor), returnHeaders: true } as const;
      return cookiesOf(await refusing('not_signed_in', () => engine.api.startSession(wanted)));
    },
    refresh: async (visitor) => cookiesOf(await engine.api.getSession({ headers: headersOf(visitor), returnHeaders: true })),
    signOut: async (visitor) => cookiesOf(await engine.api.signOut({ headers: headersOf(visitor), returnHeaders: true })),
    hashPassword: async (password) => (await engine.$context).password.hash(password),
    verifyPassword: async (password, hash) => (await engine.$context).password.verify({ password, hash }),
  };
}

function refuseHurry(waitMs: number): void {
  if (waitMs > 0) throw new SignInRefused('too_many_attempts', Math.ceil(waitMs / 1_000));
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
