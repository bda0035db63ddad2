import { useSeveralOrganizations } from '../../api/session.tsx';
import { useScope } from '../shell/scope.ts';
import { ObjectSelect, type ObjectSelectProps } from './ObjectSelect.tsx';
import { useFollowing } from './useFollowing.ts';
import { words } from './words.ts';

/**
 * Chooses an object of a tenant. Where more than one organization is in reach, offers the organization first, and then only what
 * belongs to it. Begins with the organization that the pages are narrowed to.
 */
export function PlacedSelect({ organizationId, onChange, ...rest }: ObjectSelectProps) {
  const hasSeveral = useSeveralOrganizations();
  const [scope] = useScope();
  const [organization, setOrganization] = useFollowing(organizationId ?? scope);
  if (organizationId !== undefined || !hasSeveral) return <ObjectSelect {...rest} {...{ organizationId, onChange }} />;
  return (
    <>
      <ObjectSelect
        kind="organization"
        label={words.organization}
        placeholder={words.anyOrganization}
        value={organization}
        onChange={(id) => {
          setOrganization(id);
          // What was chosen may belong to another organization.
          onChange(undefined);
        }}
      />
      <ObjectSelect {...rest} organizationId={organization} onChange={onChange} />
    </>
  );
}
