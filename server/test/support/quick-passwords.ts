import { createHash, randomBytes } from 'node:crypto';
import type { PasswordHashing } from '../../src/identity/options.ts';

/** Hashes in no time. A real hash takes a core for 50 ms, and tests that are about something else make thousands of them. */
export const QUICK_PASSWORDS: PasswordHashing = {
  hash: async (password) => {
    const salt = randomBytes(8).toString('hex');
    return `${salt}:${digestOf(password, salt)}`;
  },
  verify: async ({ password, hash }) => {
    const [salt = '', digest] = hash.split(':');
    return digestOf(password, salt) === digest;
  },
};

function digestOf(password: string, salt: string): string {
  return createHash('sha256').update(salt).update(password.normalize('NFKC')).digest('hex');
}
