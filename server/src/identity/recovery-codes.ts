import { createHmac, randomInt } from 'node:crypto';

const CODES = 10;
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const LETTERS_PER_HALF = 5;
const HASHED = 'h:';

/** Ten new codes, `k3v9x-2mw7p`: 49 bits each, without letters that look alike. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => `${half()}-${half()}`);
}

/** What is kept of a code, however it was typed. */
export function hashedRecoveryCode(key: Buffer, code: string): string {
  const typed = code.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return HASHED + createHmac('sha256', key).update(`recovery-code:${typed}`).digest('base64url');
}

/**
 * How the engine stores a list of codes: hashed. It reads the list back, takes the used one out and stores the rest, which is hashed
 * already.
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
