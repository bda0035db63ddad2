import { createHmac } from 'node:crypto';
import { type Engine, SESSION_COOKIE } from './engine.ts';
import { type Cookies, cookiesOf, headersOf, type Visitor, withoutCookie } from './exchange.ts';
import type { IdentityOptions } from './options.ts';
import { hashedRecoveryCode } from './recovery-codes.ts';
import { refusing, SignInRefused } from './refusal.ts';

export type SecondFactorMethod = 'totp' | 'recovery_code';

/** The data to set up an authenticator app; shown once. */
export interface NewTotp {
  /** `otpauth://…`: the content of the QR code. */
  readonly uri: string;
  /** The same secret in base32, to type by hand. */
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/** The authenticator app and the recovery codes. Every operation rejects with SignInRefused if it refuses. */
export interface SecondFactors {
  /** Returns the account whose sign-in waits for a second factor in this browser; null if there is none. */
  pendingAccount(visitor: Visitor): Promise<string | null>;
  /** Completes a sign-in that waits for a second factor. */
  finish(
    proof: { readonly method: SecondFactorMethod; readonly code: string },
    visitor: Visitor,
  ): Promise<{ readonly accountId: string; readonly token: string; readonly cookies: Cookies }>;
  /** Starts the setup of an app, which counts only after `confirm`. Requires the password again. */
  begin(password: string, visitor: Visitor): Promise<NewTotp>;
  confirm(accountId: string, code: string, visitor: Visitor): Promise<Cookies>;
  remove(password: string, visitor: Visitor): Promise<Cookies>;
  /** Makes new recovery codes. The old ones stop working. */
  renewRecoveryCodes(password: string, visitor: Visitor): Promise<readonly string[]>;
}

/** Longer than a code is valid: its half minute and the ones next to it. */
const CODE_WITHIN_MS = 2 * 60_000;

export function openSecondFactors(engine: Engine, options: IdentityOptions): SecondFactors {
  const { key } = options;
  return {
    pendingAccount: async (visitor) => {
      if (visitor.cookie === undefined) return null;
      return (await engine.api.readPendingAccount({ headers: headersOf(visitor) })).accountId;
    },
    finish: async ({ method, code }, visitor) => {
      // Ignore another account's session in this browser.
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
      return { accountId: user.id, token: token ?? '', cookies: cookiesOf(answer) };
    },
    begin: async (password, visitor) => {
      const wanted = { body: { password }, headers: headersOf(visitor) };
      const made = await refusing('wrong_password', () => engine.api.enableTwoFactor(wanted));
      if (made.method !== 'totp') throw new Error('the sign-in library asked for a second factor without a challenge');
      const secret = new URL(made.totpURI).searchParams.get('secret') ?? '';
      return { uri: made.totpURI, secret, recoveryCodes: made.backupCodes };
    },
    confirm: async (accountId, code, visitor) => {
      const wanted = { body: { code: digitsOf(code) }, headers: headersOf(visitor), returnHeaders: true } as const;
      const cookies = cookiesOf(await refusing('wrong_code', () => engine.api.verifyTOTP(wanted)));
      if (!(await claimCode(options, accountId, code))) throw new SignInRefused('code_used');
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

/** Removes the spaces that some apps show in a code. */
function digitsOf(code: string): string {
  return code.replaceAll(/\s/g, '');
}

/** Marks a code as used, so that someone who saw it cannot use it again. Resolves with false if it was used before. */
function claimCode({ key, claimOnce }: IdentityOptions, accountId: string, code: string): Promise<boolean> {
  const name = createHmac('sha256', key)
    .update(`totp:${accountId}:${digitsOf(code)}`)
    .digest('base64url');
  return claimOnce(`totp:${name}`, CODE_WITHIN_MS);
}
