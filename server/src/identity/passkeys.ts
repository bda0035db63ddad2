import type { Engine } from './engine.ts';
import { type Cookies, cookiesOf, headersOf, type Visitor } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { refusing } from './refusal.ts';

/** JSON of WebAuthn that the browser produces and reads. */
export type WebAuthnJson = Readonly<Record<string, unknown>>;

/** Passkeys. Every operation rejects with SignInRefused if it refuses the passkey. */
export interface Passkeys {
  /** Returns the WebAuthn options for a sign-in. */
  signInOptions(visitor: Visitor): Promise<{ readonly options: WebAuthnJson; readonly cookies: Cookies }>;
  signIn(
    response: WebAuthnJson,
    visitor: Visitor,
  ): Promise<{ readonly accountId: string; readonly token: string; readonly cookies: Cookies }>;
  /** Returns the account of a passkey, as for a sign-in, but signs nobody in. */
  showAgain(response: WebAuthnJson, visitor: Visitor): Promise<{ readonly accountId: string }>;
  /** Returns the WebAuthn options to add a passkey for the signed-in visitor. The session must be less than a day old. */
  registerOptions(visitor: Visitor): Promise<{ readonly options: WebAuthnJson; readonly cookies: Cookies }>;
  register(
    wanted: { readonly name: string; readonly response: WebAuthnJson },
    visitor: Visitor,
  ): Promise<{ readonly id: string }>;
}

/** The type that the engine takes; it checks every field. */
type AuthenticationResponse = NonNullable<Parameters<Engine['api']['verifyPasskeyAuthentication']>[0]>['body']['response'];

export function openPasskeys(engine: Engine, { endSession }: Pick<IdentityOptions, 'endSession'>): Passkeys {
  const verified = (response: WebAuthnJson, visitor: Visitor) => {
    const body = { response: response as unknown as AuthenticationResponse };
    const wanted = { body, headers: headersOf(visitor), returnHeaders: true } as const;
    return refusing('wrong_passkey', () => engine.api.verifyPasskeyAuthentication(wanted));
  };
  return {
    signInOptions: async (visitor) => {
      // Without a session cookie: the device says which account it is.
      const headers = headersOf({ ...visitor, cookie: undefined });
      const answer = await engine.api.generatePasskeyAuthenticationOptions({ headers, returnHeaders: true });
      return { options: { ...answer.response, userVerification: 'required' }, cookies: cookiesOf(answer) };
    },
    signIn: async (response, visitor) => {
      const answer = await verified(response, visitor);
      const { user, session } = answer.response;
      return { accountId: user.id, token: session.token, cookies: cookiesOf(answer) };
    },
    showAgain: async (response, visitor) => {
      const { user, session } = (await verified(response, visitor)).response;
      // The engine can verify a passkey only by signing in, so end that session.
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
