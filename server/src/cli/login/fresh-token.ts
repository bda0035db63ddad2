/**
 * Returns access tokens that still last. A refresh token works once, so only one process at a time may use it: it takes the lock, reads the
 * file again, and calls the gateway only if no other process was faster.
 */
import { CommandFailed, EXIT, GatewayAway } from '../outcome.ts';
import { whileLocked } from './file-lock.ts';
import { postForm, wordsOf } from './gateway-calls.ts';
import type { Login, Logins } from './login-file.ts';
import type { Place } from './place.ts';
import { CLIENT_ID, loginOf } from './token-answer.ts';

/** A token is refreshed if it lasts less than this, or than half its life. */
const LEFT_MS_MIN = 5 * 60_000;
/** While the token lasts, a caller does not wait long for a gateway that does not answer. */
const SPARE_WAIT_MS_MAX = 3_000;
/** And the next callers do not try at once. */
const TRY_AGAIN_AFTER_MS = 10_000;
/** The life of a token for a program that cannot renew it. */
const LONG_SECONDS = 12 * 3_600;
/** Answers of a gateway that cannot issue tokens now. The login still stands. */
const BUSY_STATUSES = new Set([408, 425, 429]);

/**
 * Returns the login at this gateway with a token that lasts for at least `leftMs`, or half its life. Throws CommandFailed: 3 if there is none
 * or it ended, 4 if the gateway is out of reach and the token has expired.
 */
export async function freshLogin(place: Place, url: string, leftMs: number = LEFT_MS_MIN): Promise<Login> {
  const now = loginAt(place.read(), url);
  if (isFresh(now, leftMs)) return now;
  return whileLocked(place.directory, async () => {
    const logins = place.read();
    const login = loginAt(logins, url);
    return isFresh(login, leftMs) ? login : refreshed(place, url, logins, login);
  });
}

/**
 * Returns a login whose token lasts for up to twelve hours, for a program that cannot renew it. It is not stored: what is on the disk lasts
 * an hour at most. Throws as freshLogin does.
 */
export async function longLogin(place: Place, url: string): Promise<Login> {
  return whileLocked(place.directory, async () => {
    const logins = place.read();
    const login = loginAt(logins, url);
    try {
      const long = await refresh(url, login, LONG_SECONDS);
      // The token before works until it expires.
      place.write(replaced(logins, url, { ...login, refreshToken: long.refreshToken, missedAtMs: 0 }));
      return long;
    } catch (error) {
      return afterFailure(place, url, { logins, login, error });
    }
  });
}

/** Returns the login at this gateway. Throws CommandFailed if there is none. */
function loginAt({ byUrl }: Logins, url: string): Login {
  const login = byUrl.get(url);
  if (login === undefined)
    throw new CommandFailed(`You are not signed in at ${url}. Run: headgate login --url ${url}`, EXIT.notAllowed);
  return login;
}

export function isAlive({ expiresAtMs }: Login): boolean {
  return Date.now() < expiresAtMs;
}

function isFresh(login: Login, leftMs: number): boolean {
  const { issuedAtMs, expiresAtMs, missedAtMs } = login;
  // A clock that was set back would make an old token look new.
  if (Date.now() < issuedAtMs - LEFT_MS_MIN) return false;
  if (expiresAtMs - Date.now() >= Math.min(leftMs, (expiresAtMs - issuedAtMs) / 2)) return true;
  return isAlive(login) && Math.abs(Date.now() - missedAtMs) < TRY_AGAIN_AFTER_MS;
}

async function refreshed(place: Place, url: string, logins: Logins, login: Login): Promise<Login> {
  try {
    const fresh = await refresh(url, login);
    place.write(replaced(logins, url, fresh));
    return fresh;
  } catch (error) {
    return afterFailure(place, url, { logins, login, error });
  }
}

interface Failure {
  readonly logins: Logins;
  readonly login: Login;
  readonly error: unknown;
}

/** Returns the login as it is if only the gateway did not answer and its token lasts. Else throws the error. Forgets a login that ended. */
function afterFailure(place: Place, url: string, { logins, login, error }: Failure): Login {
  if (error instanceof LoginEnded) place.write(without(logins, url));
  if (!(error instanceof GatewayAway) || !isAlive(login)) throw error;
  const waiting = { ...login, missedAtMs: Date.now() };
  place.write(replaced(logins, url, waiting));
  return waiting;
}

function replaced({ current, byUrl }: Logins, url: string, login: Login): Logins {
  return { current, byUrl: new Map(byUrl).set(url, login) };
}

/** The gateway ended the login. Exit code 3. */
class LoginEnded extends CommandFailed {
  constructor(url: string, why: string) {
    super(`Your login at ${url} has ended: ${why} Run: headgate login --url ${url}`, EXIT.notAllowed);
  }
}

async function refresh(url: string, login: Login, seconds?: number): Promise<Login> {
  const form = { grant_type: 'refresh_token', refresh_token: login.refreshToken, client_id: CLIENT_ID };
  const asked = seconds === undefined ? form : { ...form, expires_in: String(seconds) };
  const answer = await postForm(url, '/v1/oauth/token', asked, isAlive(login) ? SPARE_WAIT_MS_MAX : undefined);
  if (answer.status === 200) return loginOf(answer, url, login, Date.now());
  if (answer.body.error === 'invalid_grant') throw new LoginEnded(url, wordsOf(answer));
  if (answer.status >= 500 || BUSY_STATUSES.has(answer.status)) throw new GatewayAway(url, wordsOf(answer));
  throw new CommandFailed(`${url} did not renew the login: ${wordsOf(answer)}`);
}

/** Returns the logins without the one at this gateway. */
export function without({ current, byUrl }: Logins, url: string): Logins {
  const left = new Map(byUrl);
  left.delete(url);
  return { current: current === url ? ([...left.keys()].at(-1) ?? null) : current, byUrl: left };
}
