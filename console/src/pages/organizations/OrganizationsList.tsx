import { Button } from '@mantine/core';
import { Suspense, useDeferredValue, useMemo, useState } from 'react';
import { listOrganizations, type Organization, type OrganizationsSummary } from '../../api/organizations.ts';
import { useSession } from '../../api/session.tsx';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { disabledIn } from '../../components/shell/DisabledEverywhere.tsx';
import { BulkBar, CreateTemplate, LifecycleDialog, OrganizationDialog } from './dialog/deferred.tsx';
import type { Lifecycle } from './dialog/LifecycleDialog.tsx';
import { IncompletePill } from './IncompletePill.tsx';
import { columnsOf } from './list-columns.tsx';
import { StandingPills } from './StandingPills.tsx';
import { words } from './words.ts';

interface OrganizationsListProps {
  /** The counts of the pills; undefined until they are loaded. */
  readonly counts: OrganizationsSummary | undefined;
  /** False if the person has no role that reads spend. The filters by standing are then hidden. */
  readonly seesStandings: boolean;
  readonly refetchMs: number;
  readonly onOpen: (row: Organization, search?: Record<string, string>) => void;
  /** Undefined if the person may not create an organization. */
  readonly onCreate: (() => void) | undefined;
  /** Opens the dialog that creates an organization like this one. */
  readonly onLike: (row: Organization) => void;
}

/** The list of organizations, with the actions on one row and on several selected ones. */
export function OrganizationsList({ counts, seesStandings, refetchMs, onOpen, onCreate, onLike }: OrganizationsListProps) {
  const [selected, setSelected] = useState<Organization[]>([]);
  // The box of a row is painted first, and then the bar.
  const acted = useDeferredValue(selected);
  const [edited, setEdited] = useState<Organization>();
  const [templated, setTemplated] = useState<Organization>();
  const [lifecycle, setLifecycle] = useState<{ row: Organization; to: Lifecycle }>();
  const columns = useMemo(
    () =>
      columnsOf({
        open: onOpen,
        edit: setEdited,
        change: (row, to) => setLifecycle({ row, to }),
        like: onLike,
        makeTemplate: setTemplated,
      }),
    [onOpen, onLike],
  );
  return (
    <>
      {acted.length > 0 && (
        <Suspense fallback={null}>
          <BulkBar selected={acted} onDone={() => setSelected([])} />
        </Suspense>
      )}
      <DataList<Organization>
        name="organizations"
        fetch={listOrganizations}
        filters={['status', 'unpriced']}
        defaultSort="-created_at"
        searchLabel={words.nameSlugOrId}
        controls={
          seesStandings && (
            <>
              <StandingPills counts={counts} />
              <IncompletePill />
            </>
          )
        }
        columns={columns}
        onRowClick={(row) => onOpen(row)}
        selected={selected}
        onSelectedChange={setSelected}
        refetchMs={refetchMs}
        empty={<NoOrganization onCreate={onCreate} />}
      />
      <OrganizationDialog
        opened={edited !== undefined}
        organizationId={edited?.id ?? null}
        onClose={() => setEdited(undefined)}
      />
      <CreateTemplate opened={templated !== undefined} organizationId={templated?.id} onClose={() => setTemplated(undefined)} />
      {lifecycle !== undefined && (
        <Suspense fallback={null}>
          <LifecycleDialog organization={lifecycle.row} to={lifecycle.to} onClose={() => setLifecycle(undefined)} />
        </Suspense>
      )}
    </>
  );
}

function NoOrganization({ onCreate }: Pick<OrganizationsListProps, 'onCreate'>) {
  const { disabled_in: disabled } = useSession();
  if (onCreate === undefined)
    return (
      <EmptyState title={words.noOrganizationsYet}>
        {disabled.length === 0 ? words.notAMemberYet : disabledIn(disabled)}
      </EmptyState>
    );
  return (
    <EmptyState title={words.noOrganizationsYet} action={<Button onClick={onCreate}>{words.createOrganization}</Button>}>
      {words.organizationMeans}
    </EmptyState>
  );
}
