import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { api, asked, type Schema } from '../../../api/client.ts';
import { queryOf } from '../../../api/list-query.ts';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { WhyNot } from '../../../components/dialogs/WhyNot.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { DataList, type ListQuery } from '../../../components/list/DataList.tsx';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { useOpenPage } from '../../../components/PageLink.tsx';
import { links } from '../../../links.ts';
import { CreateKeyDialog } from '../../keys/CreateKeyDialog.tsx';
import { keyColumns } from '../../keys/key-columns.tsx';
import { useMayCreateKeys } from '../../keys/may-create.ts';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';

const COLUMNS = keyColumns({ withPlace: true });

/** Lists the keys of all teams of an organization. */
export function KeysTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const openPage = useOpenPage();
  const verdict = useMayCreateKeys(organization.id);
  const openNew = () => verdict.allowed && setState({ new: 'key' }, 'push');
  useHotkeys([['n', openNew]]);
  const button = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={openNew}>
      {words.createKey}
    </GuardedButton>
  );
  return (
    <>
      <DataList<Schema<'Key'>>
        name="keys"
        scope={[organization.id]}
        fetch={(query) => fetchKeys(organization.id, query)}
        columns={COLUMNS}
        searchLabel={words.nameOrId}
        controls={button}
        onRowClick={({ id }) => void openPage(links.key(id))}
        empty={
          verdict.allowed ? (
            <EmptyState title={words.noKeysYet} action={button}>
              {words.createAKeyHint}
            </EmptyState>
          ) : (
            <EmptyState title={words.noKeysYet}>
              <WhyNot verdict={verdict} />
            </EmptyState>
          )
        }
      />
      <CreateKeyDialog
        opened={state.new === 'key'}
        onClose={() => setState({ new: undefined })}
        organizationId={organization.id}
      />
    </>
  );
}

function fetchKeys(id: string, query: ListQuery) {
  return asked(
    api.GET('/organizations/{id}/keys', { params: { path: { id }, query: queryOf('/organizations/{id}/keys', query) } }),
  );
}
