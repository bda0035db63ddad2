import { createHmac } from 'node:crypto';
import { type Engine, SESSION_COOKIE } from './engine.ts';
import { type Cookies, cookiesOf, headersOf, type Visitor, withoutCookie } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { hashedRecoveryCode } from './recovery-codes.ts';
import { refusing, SignInRefused } from './refusal.ts';

export type SecondFactorMethod = 'totp' | 'recovery_code';

/** What an authenticator app is set up with; shown once. */
export interface NewTotp {
  /** `otpauth://…`: what the QR code holds. */
  readonly uri: string;
  /** The same secret in base32, to be typed. */
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/** The authenticator app and the recovery codes: every operation rejects with SignInRefused when what was shown is not good enough. */
export interface SecondFactors {
  /** Whose sign-in waits for a second factor in this browser; null when none does. */
  pendingAccount(visitor: Visitor): Promise<string | null>;
  /** Ends a sign-in that waits for a second factor. */
  finish(
    proof: { readonly method: SecondFactorMethod; readonly code: string },
    visitor: Visitor,
  ): Promise<{ readonly accountId: string; readonly cookies: Cookies }>;
  /** Begins to set an app up: it counts once `confirm` has seen a code of it. Takes the password again. */
  begin(password: string, visitor: Visitor): Promise<NewTotp>;
  confirm(accountId: string, code: string, visitor: Visitor): Promise<Cookies>;
  remove(password: string, visitor: Visitor): Promise<Cookies>;
  /** New recovery codes; the old ones open nothing any more. */
  renewRecoveryCodes(password: string, visitor: Visitor): Promise<readonly string[]>;
}

/** A code holds for its half minute and the ones beside it. */
const CODE_WITHIN_MS = 2 * 60_000;

export function openSecondFactors(engine: Engine, options: IdentityOptions): SecondFactors {
  const { key } = options;
  return {
    pendingAccount: async (visitor) => {
      if (visitor.cookie === undefined) return null;
      return (await engine.api.readPendingAccount({ headers: headersOf(visitor) })).accountId;
    },
    finish: async ({ method, code }, visitor) => {
      // Somebody else's session in this browser is not who is asked about.
      const headers = headersOf(withoutCookie(visitor, SESSION_COOKIE));
      const answer = await refusing('no_challenge', () =>
        method === 'totp'
          ? engine.api.verifyTOTP({ body: { code: digitsOf(code) }, headers, returnHeaders: true })
          : engine.api.verifyBackupCode({ body: { code: hashedRecoveryCode(key, code) }, headers, returnHeaders: true }),
      );
      const { user, token } = answer.response;
      if (method === 'totp' && !(await claimCode(options, user.id, code))) {
        await options.endSession(token ?? '');
        throw new SignInRefused('code_used');
      }
      return { accountId: user.id, cookies: cookiesOf(answer) };
    },
    begin: async (password, visitor) => {
      const wanted = { body: { password }, headers: headersOf(visitor) };
      const made = await refusing('wrong_password', () => engine.api.enableTwoFactor(wanted));
      if (made.method !== 'totp') throw new Error('an authenticator app was asked for');
      const secret = new URL(made.totpURI).searchParams.get('secret') ?? '';
      return { uri: made.totpURI, secret, recoveryCodes: made.backupCodes };
    },
    confirm: async (accountId, code, visitor) => {
      const wanted = { body: { code: digitsOf(code) }, headers: headersOf(visitor), returnHeaders: true } as const;
      const cookies = cookiesOf(await refusing('wrong_code', () => engine.api.verifyTOTP(wanted)));
      await claimCode(options, accountId, code);
      return cookies;
    },
    remove: async (password, visitor) => {
      const wanted = { body: { password }, headers: headersOf(visitor), returnHeaders: true } as const;
      return cookiesOf(await refusing('wrong_password', () => engine.api.disableTwoFactor(wanted)));
    },
    renewRecoveryCodes: async (password, visitor) => {
      const wanted = { body: { password }, headers: headersOf(visitor) };
      return (await refusing('wrong_password', () => engine.api.generateBackupCodes(wanted))).backupCodes;
    },
  };
}

/** People type the space that their app shows. */
function digitsOf(code: string): string {
  return code.replaceAll(/\s/g, '');
}

/** A code opens once: whoever looked over a shoulder comes too late. */
function claimCode({ key, claimOnce }: IdentityOptions, accountId: string, code: string): Promise<boolean> {
  const name = createHmac('sha256', key)
    .update(`totp:${accountId}:${digitsOf(code)}`)
    .digest('base64url');
  return claimOnce(`totp:${name}`, CODE_WITHIN_MS);
}
