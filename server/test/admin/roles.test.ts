import { expect, test } from 'vitest';
import { roleTable } from '../../src/domain/tenancy/role-table.ts';
import { browse, makePerson, PASSWORD } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';
import { must, withAdmin } from './support.ts';

const PUBLIC_URL = 'https://gate.example.com';
const HERE = { origin: PUBLIC_URL };
const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL });

test('everybody who is signed in reads what each role may do, and nobody else', async () => {
  expect((await browse(world())('GET', '/roles', undefined, HERE)).status).toBe(401);
  const person = await makePerson(world());
  const browser = browse(world());
  must(await browser('POST', '/session/sign-in', { email: person.email, password: PASSWORD }, HERE));
  const { roles, permissions } = must(await browser('GET', '/roles', undefined, HERE));
  expect(roles).toHaveLength(10);
  const shown = permissions.map((row: { permission: string; means: string; held_by: { role: string; reach: string }[] }) => ({
    permission: row.permission,
    means: row.means,
    held: row.held_by.map(({ role, reach }) => `${role}: ${reach}`).sort(),
  }));
  const expected = roleTable().map((row) => ({
    permission: row.permission,
    means: row.means,
    held: Object.entries(row.roles)
      .filter(([, reach]) => reach !== null)
      .map(([role, reach]) => `${role}: ${reach}`)
      .sort(),
  }));
  expect(shown).toEqual(expected);
});
