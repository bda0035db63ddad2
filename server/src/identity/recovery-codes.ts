import { createHmac, randomInt } from 'node:crypto';

const CODES = 10;
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const LETTERS_PER_HALF = 5;
const HASHED = 'h:';

/** Returns ten new codes such as `k3v9x-2mw7p`: 49 bits each, without letters that look alike. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => `${half()}-${half()}`);
}

/** Returns the stored hash of a code. Case and separators do not matter. */
export function hashedRecoveryCode(key: Buffer, code: string): string {
  const typed = code.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return HASHED + createHmac('sha256', key).update(`recovery-code:${typed}`).digest('base64url');
}

/**
 * Returns the engine's storage functions for recovery codes. They hash each code. The engine reads the list back, removes the
 * used code and stores the others again, which are then hashed already.
 */
export function recoveryCodesOf(key: Buffer) {
  return {
    encrypt: async (json: string) => {
      const codes = JSON.parse(json) as readonly string[];
      return JSON.stringify(codes.map((code) => (code.startsWith(HASHED) ? code : hashedRecoveryCode(key, code))));
    },
    decrypt: async (stored: string) => stored,
  };
}

function half(): string {
  return Array.from({ length: LETTERS_PER_HALF }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}
