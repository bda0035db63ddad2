/** The closed lists and the numbers of logins. Code, API, database and console use the same. */

/** The logins that an organization allows: all, only those approved on the same machine, or none. */
export const LOGIN_POLICIES = ['any', 'loopback', 'off'] as const;
export type LoginPolicy = (typeof LOGIN_POLICIES)[number];

/** The ways to log in: the browser on the same machine, or a code that is typed in on another one. */
export const LOGIN_WAYS = ['loopback', 'device'] as const;
export type LoginWay = (typeof LOGIN_WAYS)[number];

/** `pending`: nobody has decided. `approved`: tokens can be fetched once. `used`: they were. */
export const LOGIN_REQUEST_STATES = ['pending', 'approved', 'denied', 'used'] as const;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 86_400 * SECOND_MS;

/** The lives of everything about a login, in milliseconds. */
export const LOGIN_MS = {
  accessToken: 60 * MINUTE_MS,
  /** The longest life that a program may ask for, which cannot renew its token while it runs. */
  accessTokenMax: 720 * MINUTE_MS,
  /** A refresh token that nobody uses for this long ends its login. */
  idle: 30 * DAY_MS,
  /** The longest life of a login, whatever it is used for. */
  whole: 90 * DAY_MS,
  deviceCode: 10 * MINUTE_MS,
  authorizationCode: 2 * MINUTE_MS,
  /** For this long, a refresh token whose answer was lost gives the same answer again. */
  lostAnswer: 30 * SECOND_MS,
  /** A sign-in is fresh for this long. An older one must be confirmed before it approves a login. */
  freshSignIn: 10 * MINUTE_MS,
} as const;

/** The seconds that a device waits between two questions, and what each `slow_down` adds. */
export const POLL_SECONDS = 5;

/** The most access tokens of a login that work at one time. */
export const ACCESS_TOKENS_MAX = 10;
