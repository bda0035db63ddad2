import { organizationsWith, useSession } from '../../api/session.tsx';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { SecurityReport } from './SecurityReport.tsx';
import { words } from './words.ts';

/** The security report of one organization. The default is the first whose audit log the person may read. */
export function SecurityPage() {
  const [state, set] = useUrlState();
  const own = organizationsWith(useSession(), 'audit.read');
  const organizationId = state.organization_id ?? own[0]?.organization_id;
  // The lists of another organization have other filters.
  const choose = (id: string | undefined) =>
    set({ ...Object.fromEntries(Object.keys(state).map((name) => [name, undefined])), organization_id: id });
  return (
    <Page
      title={words.security}
      beside={<bdi>{own.length === 1 && own[0]?.organization_id === organizationId && own[0]?.organization_name}</bdi>}
      about={words.securityMeans}
      actions={
        <OwnOrganizationSelect
          permission="audit.read"
          label={words.organization}
          placeholder={words.chooseAnOrganization}
          value={organizationId}
          onChange={choose}
        />
      }
    >
      {organizationId === undefined ? (
        <EmptyState title={words.chooseAnOrganization}>{words.findingsAppearHere}</EmptyState>
      ) : (
        <SecurityReport key={organizationId} organizationId={organizationId} />
      )}
    </Page>
  );
}
