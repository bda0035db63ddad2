import { Kbd } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { links } from '../../links.ts';
import { CreateKeyDialog } from './CreateKeyDialog.tsx';
import { keyColumns } from './key-columns.tsx';
import { useMayCreateKeys } from './may-create.ts';
import { NoKeys } from './NoKeys.tsx';

const FILTERS: readonly Filter[] = [
  { param: 'organization_id', label: 'Organization', kind: 'organization' },
  { param: 'team_id', label: 'Team', kind: 'team' },
  { param: 'account_id', label: 'Owner (person)', kind: 'account' },
  { param: 'service_account_id', label: 'Owner (service account)', kind: 'service_account' },
  { param: 'status', label: 'Status', kind: { oneOf: ['active', 'disabled', 'revoked'] } },
  { param: 'unused_days', label: 'Unused for (days)', kind: { oneOf: ['30', '90', '180', '365'] } },
];
const PARAMS = FILTERS.map(({ param }) => param);
const COLUMNS = keyColumns({ withPlace: true });

/** Lists every key that the person may see, in all teams. */
export function KeysPage() {
  const [state, set] = useUrlState();
  const openPage = useOpenPage();
  const mayCreate = useMayCreateKeys();
  const open = () => set({ new: 'key' }, 'push');
  useHotkeys([['n', () => mayCreate.allowed && open()]]);
  return (
    <Page
      title="API keys"
      about="Applications call the gateway with these keys. A key belongs to one team and is owned by a person or a service account."
      actions={
        <>
          <ExportMenu
            exports={[{ label: 'Keys as CSV', path: `/keys/export${exportQuery(state)}`, what: 'keys', ending: 'csv' }]}
          />
          <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={open}>
            Create key
          </GuardedButton>
        </>
      }
    >
      <DataList
        name="keys"
        fetch={(query) => asked(api.GET('/keys', { params: { query: queryOf('/keys', query) } }))}
        columns={COLUMNS}
        filters={PARAMS}
        searchLabel="Search by name or id"
        controls={<FilterBar filters={FILTERS} />}
        onRowClick={({ id }) => void openPage(links.key(id))}
        empty={
          mayCreate.allowed ? (
            <EmptyState
              title="No keys yet"
              action={
                <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={open}>
                  Create key
                </GuardedButton>
              }
            >
              An application calls the gateway with a key of a team. Create a team in an organization first, then a key. Press{' '}
              <Kbd>n</Kbd> to start.
            </EmptyState>
          ) : (
            <NoKeys />
          )
        }
      />
      <CreateKeyDialog opened={state.new === 'key'} onClose={() => set({ new: undefined })} teamId={state.team_id} />
    </Page>
  );
}

/** Returns the query of the export: every row that the filters match, not only the page that is shown. */
function exportQuery(state: Readonly<Record<string, string | undefined>>): string {
  const given = [...PARAMS, 'search'].flatMap((param) => (state[param] === undefined ? [] : [[param, state[param]]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
