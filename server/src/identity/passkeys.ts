import type { Engine } from './engine.ts';
import { type Cookies, cookiesOf, headersOf, type Visitor } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { refusing } from './refusal.ts';

/** WebAuthn's own JSON, which the browser makes and reads. */
export type WebAuthnJson = Readonly<Record<string, unknown>>;

/** Passkeys: every operation rejects with SignInRefused when what was shown is not good enough. */
export interface Passkeys {
  /** What to ask a browser for that wants to sign in. */
  signInOptions(visitor: Visitor): Promise<{ readonly options: WebAuthnJson; readonly cookies: Cookies }>;
  signIn(response: WebAuthnJson, visitor: Visitor): Promise<{ readonly accountId: string; readonly cookies: Cookies }>;
  /** Whose passkey was shown, as for a sign-in; nobody is signed in by it. */
  showAgain(response: WebAuthnJson, visitor: Visitor): Promise<{ readonly accountId: string }>;
  /** What to ask the browser of a signed-in visitor for, to make a new one. Needs a session of today. */
  registerOptions(visitor: Visitor): Promise<{ readonly options: WebAuthnJson; readonly cookies: Cookies }>;
  register(
    wanted: { readonly name: string; readonly response: WebAuthnJson },
    visitor: Visitor,
  ): Promise<{ readonly id: string }>;
}

/** The engine checks every field of it. */
type AuthenticationResponse = NonNullable<Parameters<Engine['api']['verifyPasskeyAuthentication']>[0]>['body']['response'];

export function openPasskeys(engine: Engine, { endSession }: Pick<IdentityOptions, 'endSession'>): Passkeys {
  const verified = (response: WebAuthnJson, visitor: Visitor) => {
    const body = { response: response as unknown as AuthenticationResponse };
    const wanted = { body, headers: headersOf(visitor), returnHeaders: true } as const;
    return refusing('wrong_passkey', () => engine.api.verifyPasskeyAuthentication(wanted));
  };
  return {
    signInOptions: async (visitor) => {
      // Nobody is asked which account it is: the device says so.
      const headers = headersOf({ ...visitor, cookie: undefined });
      const answer = await engine.api.generatePasskeyAuthenticationOptions({ headers, returnHeaders: true });
      return { options: { ...answer.response, userVerification: 'required' }, cookies: cookiesOf(answer) };
    },
    signIn: async (response, visitor) => {
      const answer = await verified(response, visitor);
      return { accountId: answer.response.user.id, cookies: cookiesOf(answer) };
    },
    showAgain: async (response, visitor) => {
      const { user, session } = (await verified(response, visitor)).response;
      // The engine knows a passkey by signing in with it.
      await endSession(session.token);
      return { accountId: user.id };
    },
    registerOptions: async (visitor) => {
      const wanted = { headers: headersOf(visitor), returnHeaders: true } as const;
      const answer = await refusing('not_signed_in', () => engine.api.generatePasskeyRegistrationOptions(wanted));
      return { options: { ...answer.response }, cookies: cookiesOf(answer) };
    },
    register: async ({ name, response }, visitor) => {
      const wanted = { body: { name, response }, headers: headersOf(visitor) };
      const made = await refusing('wrong_passkey', () => engine.api.verifyPasskeyRegistration(wanted));
      return { id: made.id };
    },
  };
}
