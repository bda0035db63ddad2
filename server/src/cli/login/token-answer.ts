import { CommandFailed } from '../outcome.ts';
import { type GatewayReply, plain } from './gateway-calls.ts';
import type { Login } from './login-file.ts';

/** The name by which this program asks for tokens. */
export const CLIENT_ID = 'headgate-cli';

/** The time that a token may be used, if the gateway does not say it. */
const SECONDS_UNLESS_SAID = 3_600;
const SECONDS_MAX = 86_400;
const TOKEN = /^[\x21-\x7e]{8,2048}$/;

/** Returns the login of a successful token answer. What it does not repeat is taken from `before`. Throws CommandFailed. */
export function loginOf({ body }: GatewayReply, url: string, before: Login | { readonly device: string }, nowMs: number): Login {
  const earlier = 'accessToken' in before ? before : null;
  const { access_token, refresh_token = earlier?.refreshToken, expires_in = SECONDS_UNLESS_SAID, token_type } = body;
  if (!isToken(access_token) || !isToken(refresh_token) || !/^bearer$/i.test(String(token_type)))
    throw new CommandFailed(`${url} answered without a token that can be used. Check that the gateway is of this version.`);
  const seconds = typeof expires_in === 'number' && expires_in > 0 ? Math.min(expires_in, SECONDS_MAX) : SECONDS_UNLESS_SAID;
  return {
    accessToken: access_token,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + Math.floor(seconds * 1_000),
    refreshToken: refresh_token,
    email: textOf(body.email) ?? earlier?.email ?? '',
    organization: textOf(inside(body.organization, 'slug')) ?? earlier?.organization ?? '',
    team: textOf(inside(body.team, 'name')) ?? earlier?.team ?? '',
    keyId: textOf(body.key_id) ?? earlier?.keyId ?? '',
    device: before.device,
    missedAtMs: 0,
  };
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}

function inside(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? plain(value) : null;
}
