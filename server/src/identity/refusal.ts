import { APIError } from 'better-auth/api';

/** The reasons to refuse a sign-in or a change of its factors. */
export type RefusalCode =
  | 'wrong_credentials'
  | 'account_disabled'
  | 'too_many_attempts'
  | 'busy'
  | 'wrong_code'
  | 'code_used'
  | 'no_challenge'
  | 'wrong_passkey'
  | 'wrong_password'
  | 'not_fresh'
  | 'no_second_factor'
  | 'second_factor_exists'
  | 'not_signed_in';

/** Thrown by every operation of this folder. Its message is for the person and never reveals if an account exists. */
export class SignInRefused extends Error {
  readonly code: RefusalCode;
  /** The time to wait before another attempt, in whole seconds; null if waiting does not help. */
  readonly retryAfterSeconds: number | null;

  constructor(code: RefusalCode, retryAfterSeconds: number | null = null) {
    super(SENTENCES[code]);
    this.name = 'SignInRefused';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const SENTENCES: Readonly<Record<RefusalCode, string>> = {
  wrong_credentials: 'The e-mail address or the password is wrong. Check both and try again.',
  account_disabled: 'This account is disabled. A platform admin can enable it again.',
  too_many_attempts: 'Too many attempts. Wait a moment and try again.',
  busy: 'Too many people are signing in at once. Try again in a few seconds.',
  wrong_code:
    'This code is not valid. Codes change every 30 seconds. Check that the clock of the device that shows them is right.',
  code_used: 'This code was already used. Wait for the next one.',
  no_challenge: 'This sign-in took too long or was started in another place. Start again with the password.',
  wrong_passkey: 'This passkey was not accepted. Try another one, or sign in with your password.',
  wrong_password: 'The password is wrong.',
  not_fresh: 'This session is older than a day. Sign in again to do this.',
  no_second_factor: 'This account has no authenticator app. Set one up first.',
  second_factor_exists: 'This account already has an authenticator app. Remove it first.',
  not_signed_in: 'You are not signed in, or your session has ended. Sign in and try again.',
};

/** The engine's error codes and their meaning here. */
const MEANINGS: Readonly<Record<string, RefusalCode>> = {
  ACCOUNT_DISABLED: 'account_disabled',
  ACCOUNT_TEMPORARILY_LOCKED: 'too_many_attempts',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'no_challenge',
  INVALID_TWO_FACTOR_COOKIE: 'no_challenge',
  INVALID_CODE: 'wrong_code',
  INVALID_BACKUP_CODE: 'wrong_code',
  INVALID_PASSWORD: 'wrong_password',
  TOTP_ALREADY_ENABLED: 'second_factor_exists',
  TOTP_NOT_ENABLED: 'no_second_factor',
  BACKUP_CODES_NOT_ENABLED: 'no_second_factor',
  CHALLENGE_NOT_FOUND: 'no_challenge',
  FAILED_TO_VERIFY_REGISTRATION: 'wrong_passkey',
  SESSION_NOT_FRESH: 'not_fresh',
  UNAUTHORIZED: 'not_signed_in',
};

/** Calls the engine. Turns its refusal into a SignInRefused, by default `otherwise`. Any other error passes unchanged. */
export async function refusing<T>(otherwise: RefusalCode, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const code = typeof error.body?.code === 'string' ? error.body.code : '';
    if (MEANINGS[code] === undefined && error.statusCode >= 500) throw error;
    throw new SignInRefused(MEANINGS[code] ?? otherwise, code === 'ACCOUNT_TEMPORARILY_LOCKED' ? LOCK_SECONDS : null);
  }
}

/** The time for which the engine locks an account's second factor after ten wrong codes. */
const LOCK_SECONDS = 900;
