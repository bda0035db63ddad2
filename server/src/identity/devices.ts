import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Visitor } from './exchange.ts';
import type { IdentityOptions } from './options.ts';

/**
 * Browsers that people signed in with before. A cookie says so: an id of the browser, and for each person a mark that only this house can make.
 * It opens nothing; it only keeps strangers' wrong guesses from delaying its owner.
 */
export interface Devices {
  /** The id of the visitor's browser when this person signed in with it before; null otherwise. */
  knownTo(person: string, visitor: Visitor): string | null;
  /** The `Set-Cookie` value by which this browser is known to this person from now on. */
  remember(person: string, visitor: Visitor): string;
}

const DEVICE_COOKIE = 'headgate_device';
const KEPT_SECONDS = 400 * 86_400; // As long as browsers keep any cookie.
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

/** What the cookie says; null without one, or where it is not one of ours. */
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
