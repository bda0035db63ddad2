import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { providersQuery } from '../../api/identity.ts';
import { useCan } from '../../api/session.tsx';
import { useIssuers } from './issuer-choices.ts';
import type { RuleDraft } from './rule-draft.ts';
import { words } from './words.ts';

const SHOWN = 200;
const DEFAULT = 'default';

type Owner = Pick<RuleDraft, 'service_account_id' | 'identity_provider_id'>;

interface OwnerFieldProps {
  readonly organizationId: string;
  readonly draft: RuleDraft;
  readonly onChange: (owner: Owner) => void;
  readonly error: unknown;
}

/** Chooses who owns the keys of a rule: a service account of the team, or the member who is linked to the token. */
export function OwnerField({ organizationId, draft, onChange, error }: OwnerFieldProps) {
  const services = useServiceAccounts(draft.team_id);
  const members = useMembersBy(organizationId, draft.issuer_id);
  return (
    <Select
      label={words.owner}
      description={words.ownerMeans}
      allowDeselect={false}
      disabled={draft.team_id === ''}
      data={[
        { group: words.serviceAccounts, items: [{ value: DEFAULT, label: words.defaultServiceAccount }, ...services] },
        { group: words.linkedMembers, items: [...members] },
      ]}
      value={draft.identity_provider_id ?? draft.service_account_id ?? DEFAULT}
      onChange={(id) => {
        const isMember = members.some(({ value }) => value === id);
        onChange({
          service_account_id: isMember || id === DEFAULT ? null : id,
          identity_provider_id: isMember ? id : null,
        });
      }}
      error={typeof error === 'string' ? error : undefined}
    />
  );
}

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean;
}

function useServiceAccounts(teamId: string): readonly Choice[] {
  const services = useQuery({
    queryKey: ['service-accounts', 'of-team', teamId],
    queryFn: () =>
      asked(api.GET('/teams/{id}/service-accounts', { params: { path: { id: teamId }, query: { limit: SHOWN, sort: 'name' } } })),
    enabled: teamId !== '',
  });
  const others = (services.data?.data ?? []).filter(({ is_default, status }) => !is_default && status === 'active');
  return others.map(({ id, name }) => ({ value: id, label: name }));
}

/** Returns the identity providers whose people tokens of an issuer may name; if there are none, a choice that says why. */
function useMembersBy(organizationId: string, issuerId: string): readonly Choice[] {
  const { allowed } = useCan('identity.manage', organizationId);
  const providers = useQuery({ ...providersQuery(organizationId), enabled: allowed });
  const issuer = useIssuers(organizationId)?.find(({ id }) => id === issuerId)?.issuer;
  // `sub` is unique only at the identity provider with exactly the issuer of the tokens.
  const fitting = (providers.data ?? []).filter(({ protocol, config }) => protocol === 'oidc' && config.issuer === issuer);
  if (allowed && issuer !== undefined && fitting.length > 0)
    return fitting.map(({ id, name }) => ({ value: id, label: words.memberLinkedAt(name) }));
  const why = allowed ? (issuer === undefined ? words.membersNeedIssuer : words.membersNeedProvider) : words.membersNeedOwner;
  return [{ value: 'none', label: why, disabled: true }];
}
