/** What a directory tries that it may not do: roles by names, addresses of others, people and groups of another tenant. */
import type pg from 'pg';
import { patchBody, personBody } from '../scim/support.ts';
import type { Gateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { makeDirectory } from './scim-site.ts';

const NAMES = ['org_owner', 'org_admin', 'platform_admin', 'team_admin', 'Owners', '*', ''];

export async function escalations(gateway: Gateway, database: pg.Client): Promise<ProveResult> {
  const [hostile, victim] = [await makeDirectory(gateway, database), await makeDirectory(gateway, database)];
  const { directory, domain, tenant } = hostile;
  const climber = String((await directory('POST', '/Users', personBody(`climber@${domain}`))).body.id);
  const theirs = String((await victim.directory('POST', '/Users', personBody(`theirs@${victim.domain}`))).body.id);
  const group = String(
    (await victim.directory('POST', '/Groups', { displayName: 'Theirs', members: [{ value: theirs }] })).body.id,
  );
  const before = await standing(gateway, victim.tenant.organizationId, theirs);
  const told: string[] = [];
  const attempts: (() => Promise<unknown>)[] = [
    ...NAMES.map((displayName) => () => directory('POST', '/Groups', { displayName, members: [{ value: climber }] })),
    ...['roles', 'entitlements', 'groups', 'managedBy', 'platformRole', 'role'].map(
      (path) => () => directory('PATCH', `/Users/${climber}`, patchBody({ op: 'add', path, value: [{ value: 'org_owner' }] })),
    ),
    ...[`a@${victim.domain}`, `theirs@${victim.domain}`, 'a@example.com', `a@sub.${domain}`, `a@${domain}.evil.example`].flatMap(
      (email) => [
        () => expectRefused(told, email, directory('POST', '/Users', personBody(email))),
        () =>
          expectRefused(
            told,
            email,
            directory(
              'PATCH',
              `/Users/${climber}`,
              patchBody({ op: 'replace', path: 'emails[type eq "work"].value', value: email }),
            ),
          ),
      ],
    ),
    () =>
      expectRefused(told, 'a foreign member', directory('POST', '/Groups', { displayName: 'x', members: [{ value: theirs }] })),
    ...['GET', 'DELETE'].flatMap((method) =>
      [`/Users/${theirs}`, `/Groups/${group}`].map(
        (path) => () => expectRefused(told, `${method} ${path}`, directory(method, path)),
      ),
    ),
    () =>
      expectRefused(
        told,
        'a foreign person',
        directory('PATCH', `/Users/${theirs}`, patchBody({ op: 'replace', path: 'active', value: false })),
      ),
    () =>
      expectRefused(
        told,
        'a foreign group',
        directory('PATCH', `/Groups/${group}`, patchBody({ op: 'remove', path: 'members' })),
      ),
  ];
  for (const attempt of attempts) await attempt();
  const got = await standing(gateway, tenant.organizationId, climber);
  const problems = [
    ...told,
    ...(got === 'org_member active []' ? [] : [`the climber is ${got}`]),
    ...((await standing(gateway, victim.tenant.organizationId, theirs)) === before ? [] : ['the other tenant’s person changed']),
  ];
  return {
    holds: problems.length === 0,
    figure: `${problems.length} of ${attempts.length} escalations worked`,
    details: problems,
  };
}

async function expectRefused(told: string[], what: string, asked: Promise<{ readonly status: number; readonly text: string }>) {
  const { status, text } = await asked;
  if (status < 400 || status >= 500) told.push(`${what} was answered ${status}: ${text.slice(0, 200)}`);
}

async function standing(gateway: Gateway, organizationId: string, id: string): Promise<string> {
  const member = await gateway.admin<{ role: string; status: string; teams: object[] }>(
    'GET',
    `/organizations/${organizationId}/members/${id}`,
  );
  return `${member.role} ${member.status} ${JSON.stringify(member.teams)}`;
}
