/** Things that are there, whose ids calls of attackers name. */
import { type Client, makeTeam, makeTeamMember, must } from '../admin/support.ts';
import type { IdOf } from './hostile-calls.ts';

/** Makes an organization with a team, a person, a key and a service account; answers the id that stands in a path's place. */
export async function makeIds(root: Client): Promise<IdOf> {
  const { organization, team } = await makeTeam(root);
  const { account, memberId } = await makeTeamMember(root, team.id);
  const key = must(await root('POST', '/keys', { team_id: team.id, name: 'x', owner: { account_id: account.id } }));
  const service = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'x' }));
  const ids: Readonly<Record<string, string>> = {
    ...{ organizations: organization.id, teams: team.id, keys: key.id, accounts: account.id },
    'service-accounts': service.id,
  };
  return (pattern, parameter) =>
    (parameter === ':member_id' ? memberId : ids[pattern.split('/')[1] ?? '']) ?? 'nothing-of-this-name';
}
