/**
 * Secrets that we issue (keys, admin tokens), secrets that we keep (sealed with AES-256-GCM), and the comparison of both.
 *
 * Envelope: the master key wraps data keys, one per purpose (`credentials`, `pepper`, `audit`, `content`); data keys seal rows,
 * and `content` wraps the key of each organization. Rotating the master key re-wraps the data keys and touches no row. Destroying
 * an organization's wrapped content key destroys its content.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const KEY_PREFIX = 'sk-hg-';
const ADMIN_TOKEN_PREFIX = 'hgadm_';
const SCIM_TOKEN_PREFIX = 'hgscim_';
const REFRESH_TOKEN_PREFIX = 'hgref_';
const RANDOM_BYTES = 24;
const RANDOM_CHARS = 33; // 24 bytes in base62.
const CHECKSUM_CHARS = 6; // 32 bits in base62.
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DATA_KEY_BYTES = 32;

const SEAL_VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEAL_OVERHEAD_BYTES = 1 + IV_BYTES + TAG_BYTES;

/** The source of random bytes; tests pass their own. */
export type RandomBytes = (size: number) => Buffer;

/**
 * Thrown when a sealed value could not be opened: another key, another row, or changed bytes. Reveals nothing of the contents.
 */
export class UnsealFailure extends Error {
  constructor() {
    super('a stored secret could not be decrypted: the key is wrong, it belongs to another row, or its bytes were changed');
    this.name = 'UnsealFailure';
  }
}

/** Returns a new data-plane key secret: `sk-hg-` + 33 random characters (192 bits) + 6 of checksum, all base62; 45 characters. */
export function newKeySecret(random: RandomBytes = randomBytes): string {
  return newSecret(KEY_PREFIX, random);
}

/**
 * Reports whether the form and the checksum are those of a key secret. Rejects garbage before any look-up; proves nothing else.
 */
export function looksLikeKeySecret(text: string): boolean {
  return hasForm(KEY_PREFIX, text);
}

/** Returns a new admin token: `hgadm_` + 33 random characters + 6 of checksum. */
export function newAdminToken(random: RandomBytes = randomBytes): string {
  return newSecret(ADMIN_TOKEN_PREFIX, random);
}

/** As looksLikeKeySecret, for admin tokens. */
export function looksLikeAdminToken(text: string): boolean {
  return hasForm(ADMIN_TOKEN_PREFIX, text);
}

/** Returns a new token of the SCIM endpoint: `hgscim_` + 33 random characters + 6 of checksum. */
export function newScimToken(random: RandomBytes = randomBytes): string {
  return newSecret(SCIM_TOKEN_PREFIX, random);
}

/** As looksLikeKeySecret, for tokens of the SCIM endpoint. */
export function looksLikeScimToken(text: string): boolean {
  return hasForm(SCIM_TOKEN_PREFIX, text);
}

/** Returns a new refresh token of a login: `hgref_` + 33 random characters + 6 of checksum. */
export function newRefreshToken(random: RandomBytes = randomBytes): string {
  return newSecret(REFRESH_TOKEN_PREFIX, random);
}

/** As looksLikeKeySecret, for refresh tokens. */
export function looksLikeRefreshToken(text: string): boolean {
  return hasForm(REFRESH_TOKEN_PREFIX, text);
}

/**
 * Returns a source of bytes that gives the same bytes for the same key, token and purpose, and others for any other. Nobody without
 * the key can tell them from random ones. The secrets that replace a token are made from it, so that a repeated request gets them again.
 */
export function bytesFrom(key: Buffer, token: string, purpose: string): RandomBytes {
  return (size) => createHmac('sha256', key).update(`${purpose}\0${token}`).digest().subarray(0, size);
}

/**
 * Returns the HMAC-SHA256 of a secret with the installation's pepper, as 64 lower-case hex digits. The store looks a secret up by
 * it.
 */
export function hashSecret(pepper: Buffer, secret: string): string {
  return createHmac('sha256', pepper).update(secret).digest('hex');
}

/** Returns the hash of a secret as bytes, with the name of the pepper that made it. The store keeps both. */
export function hashedSecret(pepper: Buffer, secret: string): { readonly hash: Buffer; readonly pepper: string } {
  return { hash: Buffer.from(hashSecret(pepper, secret), 'hex'), pepper: pepperName(pepper) };
}

/** Returns every hash that a secret may be stored under: one, and during a renewal of the pepper also one of the other pepper. */
export function hashesOf(
  { pepper, otherPepper }: { readonly pepper: Buffer; readonly otherPepper: { readonly pepper: Buffer } | null },
  secret: string,
): readonly Buffer[] {
  const peppers = otherPepper === null ? [pepper] : [pepper, otherPepper.pepper];
  return peppers.map((one) => Buffer.from(hashSecret(one, secret), 'hex'));
}

/** Returns the last four characters, to show beside a name. */
export function lastFour(secret: string): string {
  return secret.slice(-4);
}

/** Returns the prefix and four random characters (`sk-hg-Ab3d`), by which a person can recognise a secret without knowing it. */
export function displayPrefix(secret: string): string {
  return secret.slice(0, KEY_PREFIX.length + 4);
}

/** Compares in a time that does not depend on the contents or on where they first differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

/** Returns a new 32-byte key: to seal rows with, or as a pepper. */
export function newDataKey(random: RandomBytes = randomBytes): Buffer {
  return random(DATA_KEY_BYTES);
}

/** Parses HEADGATE_MASTER_KEY: 32 bytes in base64 or base64url. Returns null for anything else. */
export function parseMasterKey(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length === DATA_KEY_BYTES ? key : null;
}

/** Wraps a data key under the master key, for one purpose; the wrapped key can be stored. */
export function wrapKey(masterKey: Buffer, dataKey: Buffer, purpose: string): Buffer {
  return seal(masterKey, dataKey, `data-key:${purpose}`);
}

/** Reverses wrapKey. Throws UnsealFailure if the master key or the purpose is another one. */
export function unwrapKey(masterKey: Buffer, wrapped: Uint8Array, purpose: string): Buffer {
  return open(masterKey, wrapped, `data-key:${purpose}`);
}

/**
 * Returns a name of a master key that reveals nothing of it: 16 hex digits, the same for the same key. Processes use it to report
 * which key they were started with.
 */
export function masterKeyName(masterKey: Buffer): string {
  return createHmac('sha256', masterKey).update('headgate master key name').digest('hex').slice(0, 16);
}

/** Returns a name of a pepper that reveals nothing of it: 16 hex digits. Stored beside a hash, it says which pepper made it. */
export function pepperName(pepper: Buffer): string {
  return createHmac('sha256', pepper).update('headgate pepper name').digest('hex').slice(0, 16);
}

/** Moves a wrapped key from one master key to another. The data key, and everything it sealed, does not change. */
export function rewrapKey(keys: { readonly from: Buffer; readonly to: Buffer }, wrapped: Uint8Array, purpose: string): Buffer {
  return wrapKey(keys.to, unwrapKey(keys.from, wrapped, purpose), purpose);
}

/**
 * Returns the purpose of an organization's content key. That key seals what `audit.content` stores; without the key the content
 * is lost.
 */
export function contentKeyPurpose(organizationId: string): string {
  return `content:${organizationId}`;
}

/** The keys that wrap organizations' content keys: the installation's content key, and in earlier versions the master key. */
export interface ContentWrappers {
  readonly master: Buffer;
  readonly installation: Buffer;
}

/** Opens an organization's content key. Throws UnsealFailure if it was wrapped with another key, or for another organization. */
export function openContentKey(
  wrappers: ContentWrappers,
  organizationId: string,
  { bytes, by }: { readonly bytes: Uint8Array; readonly by: keyof ContentWrappers },
): Buffer {
  return unwrapKey(wrappers[by], bytes, contentKeyPurpose(organizationId));
}

/**
 * Seals with AES-256-GCM under a 32-byte key: version, 12 random bytes, tag, ciphertext (29 bytes longer than the text).
 * `aad` is the id of the row it belongs to, so that a sealed value copied to another row does not open.
 * One key must seal fewer than 2^32 values.
 */
export function seal(key: Buffer, plaintext: string | Uint8Array, aad: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(aad));
  const text = typeof plaintext === 'string' ? Buffer.from(plaintext) : plaintext;
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([Buffer.of(SEAL_VERSION), iv, cipher.getAuthTag(), body]);
}

/** Reverses seal. Throws UnsealFailure, and nothing else, on another key, another aad, or changed bytes. */
export function open(key: Buffer, sealed: Uint8Array, aad: string): Buffer {
  if (sealed.length < SEAL_OVERHEAD_BYTES || sealed[0] !== SEAL_VERSION) throw new UnsealFailure();
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(sealed.subarray(1 + IV_BYTES, SEAL_OVERHEAD_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(SEAL_OVERHEAD_BYTES)), decipher.final()]);
  } catch {
    throw new UnsealFailure();
  }
}

function newSecret(prefix: string, random: RandomBytes): string {
  const body = prefix + base62(BigInt(`0x${random(RANDOM_BYTES).toString('hex')}`), RANDOM_CHARS);
  return body + checksum(body);
}

function hasForm(prefix: string, text: string): boolean {
  if (text.length !== prefix.length + RANDOM_CHARS + CHECKSUM_CHARS || !text.startsWith(prefix)) return false;
  const body = text.slice(0, -CHECKSUM_CHARS);
  return checksum(body) === text.slice(-CHECKSUM_CHARS) && /^[0-9A-Za-z]+$/.test(body.slice(prefix.length));
}

// The checksum only rejects typing errors and garbage, so a CRC without a secret is enough; the hash identifies the caller.
function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_CHARS);
}

function base62(value: bigint, width: number): string {
  let digits = '';
  for (let rest = value; digits.length < width; rest /= 62n) digits = BASE62[Number(rest % 62n)] + digits;
  return digits;
}
