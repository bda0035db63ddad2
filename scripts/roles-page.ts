// Writes docs/roles.md: what each role may do. `--check` only checks that the page is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { ROLE_PLACES, ROLES_BY_PLACE, type RoleReach, roleTable } from '../server/src/domain/tenancy/role-table.ts';

const FILE = new URL('../docs/roles.md', import.meta.url);
const WORDS: Readonly<Record<RoleReach, string>> = { all: 'all', own_team: 'own team', own: 'own' };
const roles = ROLE_PLACES.flatMap((place) => ROLES_BY_PLACE[place]);

const text = `# What each role may do

A row is a permission, a column is a role. *All*: over everything in the place of the role, which is the whole installation for \`platform_…\`, and one organization for \`org_…\`. *Own team*: over
everything in the team where the role is held. *Own*: only over what belongs to the person, such as their keys. “—”: not at all. Somebody with several roles has what each of them gives. Every
operation of the admin API names one of these permissions. Everybody who is signed in finds the same table in the console under *What may each role do?*, and at \`GET /api/v1/roles\`.
\`npm run generate\` writes this page from \`server/src/domain/tenancy/permission.ts\`.

| permission | what it allows | ${roles.map((role) => `\`${role}\``).join(' | ')} |
|---|---|${'---|'.repeat(roles.length)}
${roleTable()
  .map((row) => `| \`${row.permission}\` | ${row.means} | ${roles.map((role) => wordOf(row.roles[role])).join(' | ')} |\n`)
  .join('')}
Nobody gives a role above their own, or changes their own caps. What roles see of the objects that they may read is in [What each role sees](operating.md#what-each-role-sees).
`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (text !== readFileSync(FILE, 'utf8')) {
  process.stderr.write('docs/roles.md is not what the code says: run `npm run generate` and commit it.\n');
  process.exitCode = 1;
}

function wordOf(reach: RoleReach | null): string {
  return reach === null ? '—' : WORDS[reach];
}
