/** A passkey device in software: makes keys and signs challenges as a browser's authenticator does. */
import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

interface Wishes {
  readonly rpId: string;
  readonly origin: string;
  /** Whether the device asked its owner for a finger or a code. */
  readonly verifiesUser?: boolean;
}

export interface Authenticator {
  /** Answers registration options. */
  create(options: { readonly challenge: string }): RegistrationResponseJSON;
  /** Answers sign-in options. `as`: what is done otherwise than at registration. */
  get(options: { readonly challenge: string }, as?: Partial<Wishes>): AuthenticationResponseJSON;
}

export function makeAuthenticator(wishes: Wishes): Authenticator {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const credentialId = randomBytes(32);
  const id = credentialId.toString('base64url');
  let counter = 0;
  return {
    create: ({ challenge }) => {
      const credential = Buffer.concat([Buffer.alloc(16), uint16(credentialId.length), credentialId, coseKey(publicKey)]);
      const authData = Buffer.concat([head(wishes, 0, true), credential]);
      return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData('webauthn.create', challenge, wishes.origin).toString('base64url'),
          attestationObject: attestation(authData).toString('base64url'),
          transports: ['internal'],
        },
      };
    },
    get: ({ challenge }, as = {}) => {
      counter += 1;
      const { origin, ...rest } = { ...wishes, ...as };
      const authData = head({ ...rest, origin }, counter, false);
      const data = clientData('webauthn.get', challenge, origin);
      const signed = Buffer.concat([authData, sha256(data)]);
      return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: data.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: createSign('sha256').update(signed).sign(privateKey).toString('base64url'),
        },
      };
    },
  };
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

/** The authenticator data up to the credential: whose site, what was checked, how often it signed. */
function head({ rpId, verifiesUser = true }: Wishes, counter: number, withCredential: boolean): Buffer {
  const flags = USER_PRESENT | (verifiesUser ? USER_VERIFIED : 0) | (withCredential ? HAS_CREDENTIAL : 0);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.of(flags), count]);
}

function clientData(type: string, challenge: string, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

/** CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}. */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const coordinate = (text: string) => Buffer.concat([Buffer.of(0x58, 32), Buffer.from(text, 'base64url')]);
  return Buffer.concat([
    Buffer.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21),
    coordinate(x),
    Buffer.of(0x22),
    coordinate(y),
  ]);
}

/** CBOR: {"fmt": "none", "attStmt": {}, "authData": bytes}. */
function attestation(authData: Buffer): Buffer {
  const text = (word: string) => Buffer.concat([Buffer.of(0x60 + word.length), Buffer.from(word)]);
  const length = Buffer.of(0x58, authData.length);
  return Buffer.concat([
    Buffer.of(0xa3),
    text('fmt'),
    text('none'),
    text('attStmt'),
    Buffer.of(0xa0),
    text('authData'),
    length,
    authData,
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
