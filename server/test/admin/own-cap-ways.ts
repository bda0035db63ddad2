/** Every route by which a member could raise a cap of their own, and what it is asked. Each must be answered with 403. */

/** A member with a cap, a key of theirs with one, and what is around them. */
export interface CappedPlace {
  readonly organizationId: string;
  readonly teamId: string;
  /** Another team of the organization, in which they are too. */
  readonly nextTeamId: string;
  readonly accountId: string;
  readonly memberId: string;
  readonly keyId: string;
  /** Somebody else in both teams. */
  readonly friend: { readonly accountId: string; readonly memberId: string };
  /** An access group that their access names, and a model outside of it. */
  readonly accessGroup: string;
  readonly model: string;
}

export interface Way {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

export function waysToRaise(place: CappedPlace): readonly Way[] {
  const { organizationId, accountId, friend } = place;
  const member = `/organizations/${organizationId}/members/${place.memberId}`;
  const [key, inTeam] = [`/keys/${place.keyId}`, `/teams/${place.teamId}/members/${place.memberId}`];
  const anew = { account_id: accountId, role: 'org_owner', rate_limits: { rpm: null } };
  return [
    patch('the user scope’s limits', member, { rate_limits: { rpm: 100 } }),
    patch('its budgets', member, { budgets: [] }),
    patch('its limits by model', member, { model_limits: [] }),
    patch('its access', member, { asset_access: { mode: 'inherit' } }),
    { name: 'being added anew', method: 'POST', path: `/organizations/${organizationId}/members`, body: anew },
    patch('the key’s limits', key, { rate_limits: { rpm: 100 } }),
    patch('the key’s budgets', key, { budgets: [] }),
    patch('the key’s tags', key, { required_tags: [] }),
    patch('the key’s limits by label', key, { label_limits: [] }),
    patch('the end users that the key’s requests name', key, { require_end_user: false }),
    patch('the key’s access', key, { asset_access: { mode: 'inherit' } }),
    patch('the key to a friend', key, { owner: { account_id: friend.accountId } }),
    patch('the key to a service account', key, { owner: { service_account_id: 'svc_any' } }),
    patch('the key to another team', key, { team_id: place.nextTeamId }),
    { name: 'leaving the team, keys handed on', method: 'DELETE', path: `${inTeam}?reassign_keys_to=team_default` },
    { name: 'leaving, keys handed on', method: 'DELETE', path: `${member}?reassign_keys_to=${friend.memberId}` },
    {
      name: 'a model into the group of their access',
      method: 'PUT',
      path: `/callable-targets/${place.model}/access-groups`,
      body: { access_groups: [place.accessGroup] },
    },
    { name: 'that group itself', method: 'DELETE', path: `/access-groups/${place.accessGroup}` },
    patch('the organization’s limits', `/organizations/${organizationId}`, { rate_limits: { rpm: null } }),
    {
      name: 'the organization’s access',
      method: 'PUT',
      path: `/organizations/${organizationId}/asset-access`,
      body: { mode: 'all' },
    },
  ];
}

function patch(name: string, path: string, body: object): Way {
  return { name, method: 'PATCH', path, body };
}
