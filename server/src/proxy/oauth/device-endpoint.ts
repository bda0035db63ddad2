/** `POST /v1/oauth/device`: a device that has no browser asks for a login (RFC 8628, 3.1). */
import { randomBytes } from 'node:crypto';
import { newUserCode, readUserCode } from '../../domain/logins/user-code.ts';
import { LOGIN_MS, POLL_SECONDS } from '../../domain/logins/words.ts';
import * as requests from '../../store/logins/login-requests.ts';
import type { Grant } from './grant.ts';
import { hashed, type LoginParts } from './login-parts.ts';
import { oauthError, slowDown } from './oauth-error.ts';

/** Devices that may ask in ten minutes: from one address, and in all. An IPv6 address counts as its /64. */
const PER_ADDRESS = 100;
const WAITING_MAX = 5_000;
const WINDOW_MS = 600_000;
const ADDRESSES_MAX = 20_000;
const NAME_CHARS_MAX = 100;

/** Returns the endpoint. No `client_id` is needed, and fields that nobody knows are ignored. */
export function deviceEndpoint(parts: LoginParts): Grant {
  const admit = createWindow(() => parts.clock.nowMs());
  return async (fields, { ip, origin }) => {
    const at = new Date(parts.clock.nowMs());
    const waitSeconds = admit(parts.networkOf(ip));
    if (waitSeconds > 0 || (await requests.countWaiting(parts.db, at)) >= WAITING_MAX) {
      const whose = waitSeconds > 0 ? ' from your address' : '';
      return slowDown(Math.max(waitSeconds, 30), `Too many devices wait for a login${whose}.`);
    }
    const client = plain(fields.get('client_id') ?? fields.get('surface')) ?? 'unknown';
    const deviceName = plain(fields.get('device_name')) ?? client;
    const deviceCode = `hgdev_${randomBytes(32).toString('base64url')}`;
    const userCode = await stored(parts, { deviceCode, deviceName, client, ip, at });
    if (userCode === null) return oauthError('temporarily_unavailable', 'No code is free now. Try again in a moment.');
    const page = `${origin}/device`;
    return {
      status: 200,
      body: {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: page,
        // Without the code: a person who did not start the login must not find it filled in.
        verification_uri_complete: page,
        expires_in: LOGIN_MS.deviceCode / 1_000,
        interval: POLL_SECONDS,
      },
    };
  };
}

/** Stores the request under a code that no other one has now. */
async function stored(
  parts: LoginParts,
  asked: {
    readonly deviceCode: string;
    readonly deviceName: string;
    readonly client: string;
    readonly ip: string;
    readonly at: Date;
  },
): Promise<string | null> {
  const { at, deviceCode, deviceName, client, ip } = asked;
  for (let tries = 0; tries < 3; tries += 1) {
    const userCode = newUserCode(randomBytes);
    const isStored = await requests.insert(parts.db, {
      hash: hashed(parts, deviceCode).hash,
      way: 'device',
      userCodeHash: hashed(parts, readUserCode(userCode) ?? '').hash,
      deviceName,
      client,
      ip: ip === '' ? null : ip,
      intervalSeconds: POLL_SECONDS,
      expiresAt: new Date(at.getTime() + LOGIN_MS.deviceCode),
      createdAt: at,
    });
    if (isStored) return userCode;
  }
  return null;
}

/** Returns a text for display: without control characters, and not too long; null if nothing is left. */
function plain(text: string | undefined): string | null {
  // Direction marks and invisible characters could make one name look like another.
  const kept = (text ?? '').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  return kept === '' ? null : kept.slice(0, NAME_CHARS_MAX);
}

/** Returns a function that counts one more of a name, and returns the seconds to wait if there are too many. */
function createWindow(nowMs: () => number): (name: string) => number {
  let sinceMs = nowMs();
  let counts = new Map<string, number>();
  return (name) => {
    const now = nowMs();
    if (now - sinceMs >= WINDOW_MS || now < sinceMs || counts.size >= ADDRESSES_MAX) {
      sinceMs = now;
      counts = new Map();
    }
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count > PER_ADDRESS ? Math.ceil((sinceMs + WINDOW_MS - now) / 1_000) : 0;
  };
}
