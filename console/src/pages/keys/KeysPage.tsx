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
import { SavedViews } from '../../components/views/SavedViews.tsx';
import { links } from '../../links.ts';
import { CreateKeyDialog } from './CreateKeyDialog.tsx';
import { keyColumns } from './key-columns.tsx';
import { useMayCreateKeys } from './may-create.ts';
import { NoKeys } from './NoKeys.tsx';
import { words } from './words.ts';

const FILTERS: readonly Filter[] = [
  { param: 'organization_id', label: words.organization, kind: 'organization' },
  { param: 'team_id', label: words.team, kind: 'team' },
  { param: 'account_id', label: words.ownerPerson, kind: 'account' },
  { param: 'service_account_id', label: words.ownerServiceAccount, kind: 'service_account' },
  { param: 'status', label: words.status, kind: { oneOf: ['active', 'disabled', 'revoked'] } },
  { param: 'kind', label: words.kind, kind: { oneOf: ['api', 'login', 'workload'] } },
  { param: 'owned_by', label: words.ownedBy, kind: { oneOf: ['person', 'service_account'] } },
  { param: 'unused_days', label: words.daysUnused, kind: { oneOf: ['30', '90', '180', '365'] } },
];
const PARAMS = FILTERS.map(({ param }) => param);
/** Opens the dialog that creates a key. */
const SHORTCUT = 'n';
const COLUMNS = keyColumns({ withPlace: true });

/** Lists every key that the person may see, in all teams. */
export function KeysPage() {
  const [state, set] = useUrlState();
  const openPage = useOpenPage();
  const mayCreate = useMayCreateKeys();
  const open = () => set({ new: 'key' }, 'push');
  useHotkeys([[SHORTCUT, () => mayCreate.allowed && open()]]);
  return (
    <Page
      title={words.apiKeys}
      about={words.keysMean}
      actions={
        <>
          <SavedViews path="/keys" />
          <ExportMenu
            exports={[{ label: words.keysAsCsv, path: `/keys/export${exportQuery(state)}`, what: 'keys', ending: 'csv' }]}
          />
          <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={open}>
            {words.createKey}
          </GuardedButton>
        </>
      }
    >
      <DataList
        name="keys"
        fetch={(query) => asked(api.GET('/keys', { params: { query: queryOf('/keys', query) } }))}
        columns={COLUMNS}
        filters={PARAMS}
        searchLabel={words.searchByNameOrId}
        controls={<FilterBar filters={FILTERS} />}
        onRowClick={({ id }) => void openPage(links.key(id))}
        empty={
          mayCreate.allowed ? (
            <EmptyState
              title={words.noKeysYet}
              action={
                <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={open}>
                  {words.createKey}
                </GuardedButton>
              }
            >
              {words.createATeamFirst} <Kbd>{SHORTCUT}</Kbd> {words.toStart}
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
