import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Visitor } from './exchange.ts';
import type { IdentityOptions } from './options.ts';

/**
 * Browsers that people signed in with before. A cookie holds an id of the browser, and for each person a mark that only this
 * installation can make. It grants no access. It only keeps strangers' wrong guesses from delaying the person.
 */
export interface Devices {
  /** Returns the id of the visitor's browser if this person signed in with it before, otherwise null. */
  knownTo(person: string, visitor: Visitor): string | null;
  /** Returns the `Set-Cookie` value that makes this browser known to this person. */
  remember(person: string, visitor: Visitor): string;
}

const DEVICE_COOKIE = 'headgate_device';
const KEPT_SECONDS = 400 * 86_400; // The longest time for which browsers keep a cookie.
const PEOPLE_MAX = 5;
const ID = /^[A-Za-z0-9_-]{22}$/;
const MARK = /^[A-Za-z0-9_-]{22}$/;

export function openDevices({ key, publicUrl }: Pick<IdentityOptions, 'key' | 'publicUrl'>): Devices {
  const markOf = (person: string, id: string) =>
    createHmac('sha256', key).update(`device:${id}:${person}`).digest().subarray(0, 16).toString('base64url');
  const isSecure = publicUrl?.startsWith('https://') === true;
  return {
    knownTo: (person, visitor) => {
      const device = read(visitor.cookie);
      if (device === null) return null;
      const mark = markOf(person, device.id);
      return device.marks.some((one) => timingSafeEqual(Buffer.from(one), Buffer.from(mark))) ? device.id : null;
    },
    remember: (person, visitor) => {
      const { id, marks } = read(visitor.cookie) ?? { id: randomBytes(16).toString('base64url'), marks: [] };
      const mark = markOf(person, id);
      const value = [id, mark, ...marks.filter((one) => one !== mark)].slice(0, PEOPLE_MAX + 1).join('.');
      const attributes = `Max-Age=${KEPT_SECONDS}; Path=/api/v1/session; HttpOnly; SameSite=Strict`;
      return `${DEVICE_COOKIE}=${value}; ${attributes}${isSecure ? '; Secure' : ''}`;
    },
  };
}

interface Device {
  readonly id: string;
  readonly marks: readonly string[];
}

/** Reads the device from the cookie. Returns null if there is none or it is malformed. */
function read(cookie: string | undefined): Device | null {
  const pair = cookie?.split(';').find((one) => one.trim().startsWith(`${DEVICE_COOKIE}=`));
  const [id = '', ...marks] =
    pair
      ?.slice(pair.indexOf('=') + 1)
      .trim()
      .split('.') ?? [];
  if (!ID.test(id) || marks.length > PEOPLE_MAX || !marks.every((mark) => MARK.test(mark))) return null;
  return { id, marks };
}
