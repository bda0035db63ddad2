/**
 * Secrets we hand out (keys, admin tokens), secrets we keep (sealed with AES-256-GCM), and how both are compared.
 *
 * Envelope: the master key wraps data keys, one per purpose (`credentials`, `pepper`, `audit`, `content`); data keys seal rows, and `content`
 * wraps the key of each organization. Rotating the master key re-wraps the data keys and touches no row. Destroying an organization's wrapped
 * content key destroys its content.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const KEY_PREFIX = 'sk-hg-';
const ADMIN_TOKEN_PREFIX = 'hgadm_';
const RANDOM_BYTES = 24;
const RANDOM_CHARS = 33; // 24 bytes in base62.
const CHECKSUM_CHARS = 6; // 32 bits in base62.
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DATA_KEY_BYTES = 32;

const SEAL_VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEAL_OVERHEAD_BYTES = 1 + IV_BYTES + TAG_BYTES;

/** Where random bytes come from; tests pass their own. */
export type RandomBytes = (size: number) => Buffer;

/** A sealed value could not be opened: another key, another row, or changed bytes. Says nothing of the contents. */
export class UnsealFailure extends Error {
  constructor() {
    super('a sealed value could not be opened: wrong key, wrong row, or changed bytes');
    this.name = 'UnsealFailure';
  }
}

/** A new data-plane key secret: `sk-hg-` + 33 random characters (192 bits) + 6 of checksum, all base62; 45 characters. */
export function newKeySecret(random: RandomBytes = randomBytes): string {
  return newSecret(KEY_PREFIX, random);
}

/** True when the form and the checksum are those of a key secret. Garbage is refused here, before any lookup; it proves nothing else. */
export function looksLikeKeySecret(text: string): boolean {
  return hasForm(KEY_PREFIX, text);
}

/** A new admin token: `hgadm_` + 33 random characters + 6 of checksum. */
export function newAdminToken(random: RandomBytes = randomBytes): string {
  return newSecret(ADMIN_TOKEN_PREFIX, random);
}

/** As looksLikeKeySecret, for admin tokens. */
export function looksLikeAdminToken(text: string): boolean {
  return hasForm(ADMIN_TOKEN_PREFIX, text);
}

/** HMAC-SHA256 of a secret with the installation's pepper, as 64 lower-case hex digits: what the store keeps and looks up by. */
export function hashSecret(pepper: Buffer, secret: string): string {
  return createHmac('sha256', pepper).update(secret).digest('hex');
}

/** The hash of a secret as bytes, with the name of the pepper that made it: what is stored. */
export function hashedSecret(pepper: Buffer, secret: string): { readonly hash: Buffer; readonly pepper: string } {
  return { hash: Buffer.from(hashSecret(pepper, secret), 'hex'), pepper: pepperName(pepper) };
}

/** Every hash that a secret may be stored under: one, and while the pepper is renewed one of the other pepper as well. */
export function hashesOf(
  { pepper, otherPepper }: { readonly pepper: Buffer; readonly otherPepper: { readonly pepper: Buffer } | null },
  secret: string,
): readonly Buffer[] {
  const peppers = otherPepper === null ? [pepper] : [pepper, otherPepper.pepper];
  return peppers.map((one) => Buffer.from(hashSecret(one, secret), 'hex'));
}

/** The last four characters, to be shown beside a name. */
export function lastFour(secret: string): string {
  return secret.slice(-4);
}

/** The prefix and four random characters (`sk-hg-Ab3d`), to recognise a secret by without knowing it. */
export function displayPrefix(secret: string): string {
  return secret.slice(0, KEY_PREFIX.length + 4);
}

/** Compares in a time that depends on neither the contents nor on where they first differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

/** A new 32-byte key: to seal rows with, or as a pepper. */
export function newDataKey(random: RandomBytes = randomBytes): Buffer {
  return random(DATA_KEY_BYTES);
}

/** Reads HEADGATE_MASTER_KEY: 32 bytes in base64 or base64url. Null when it is anything else. */
export function parseMasterKey(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length === DATA_KEY_BYTES ? key : null;
}

/** Wraps a data key under the master key, for one purpose; the wrapped key can be stored. */
export function wrapKey(masterKey: Buffer, dataKey: Buffer, purpose: string): Buffer {
  return seal(masterKey, dataKey, `data-key:${purpose}`);
}

/** The reverse of wrapKey. Throws UnsealFailure when the master key or the purpose is another one. */
export function unwrapKey(masterKey: Buffer, wrapped: Uint8Array, purpose: string): Buffer {
  return open(masterKey, wrapped, `data-key:${purpose}`);
}

/**
 * Names a master key without telling anything of it: 16 hex digits, the same for the same key. Processes say with it which key they were
 * started with.
 */
export function masterKeyName(masterKey: Buffer): string {
  return createHmac('sha256', masterKey).update('headgate master key name').digest('hex').slice(0, 16);
}

/** Names a pepper without telling anything of it: 16 hex digits. Stored beside a hash, it says which pepper made it. */
export function pepperName(pepper: Buffer): string {
  return createHmac('sha256', pepper).update('headgate pepper name').digest('hex').slice(0, 16);
}

/** Moves a wrapped key from one master key to another; the data key, and all it sealed, stays as it is. */
export function rewrapKey(keys: { readonly from: Buffer; readonly to: Buffer }, wrapped: Uint8Array, purpose: string): Buffer {
  return wrapKey(keys.to, unwrapKey(keys.from, wrapped, purpose), purpose);
}

/** The purpose of an organization's content key: what `audit.content` stores is sealed under it, and is gone when it is. */
export function contentKeyPurpose(organizationId: string): string {
  return `content:${organizationId}`;
}

/** What organizations' content keys are wrapped with: the installation's content key, and before a version knew that the master key. */
export interface ContentWrappers {
  readonly master: Buffer;
  readonly installation: Buffer;
}

/** Opens an organization's content key. Throws UnsealFailure where it was wrapped with another key, or for another organization. */
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

/** The reverse of seal. Throws UnsealFailure, and nothing else, on another key, another aad, or changed bytes. */
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

// A checksum only sorts out typing errors and garbage, so a CRC without a secret is enough; the hash decides who someone is.
function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_CHARS);
}

function base62(value: bigint, width: number): string {
  let digits = '';
  for (let rest = value; digits.length < width; rest /= 62n) digits = BASE62[Number(rest % 62n)] + digits;
  return digits;
}
