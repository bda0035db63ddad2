import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../../api/client.ts';
import { verdictOf } from '../../../api/session.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { DataList, type ListQuery } from '../../../components/list/DataList.tsx';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { PATHS } from '../../../paths.ts';
import { CreateKeyDialog } from '../../keys/CreateKeyDialog.tsx';
import { keyColumns } from '../../keys/key-columns.tsx';
import type { TabProps } from './tab.ts';

const COLUMNS = keyColumns({ withPlace: true });

/** Lists the keys of all teams of an organization. */
export function KeysTab({ organization }: TabProps) {
  const [state, setState] = useUrlState();
  const navigate = useNavigate();
  const mayAny = verdictOf('keys.manage', organization.capabilities);
  const verdict = mayAny.allowed ? mayAny : verdictOf('keys.manage_own', organization.capabilities);
  const openNew = () => verdict.allowed && setState({ new: 'key' }, 'push');
  useHotkeys([['n', openNew]]);
  const button = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={openNew}>
      Create key
    </GuardedButton>
  );
  return (
    <>
      <DataList<Schema<'Key'>>
        name="keys"
        scope={[organization.id]}
        fetch={(query) => fetchKeys(organization.id, query)}
        columns={COLUMNS}
        searchLabel="Name or id"
        controls={button}
        onRowClick={({ id }) => void navigate({ to: PATHS.key, params: { keyId: id } as never })}
        empty={
          <EmptyState title="No keys yet" action={button}>
            An application calls the gateway with a key of a team. Create one: its secret is shown once.
          </EmptyState>
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
  return asked(api.GET('/organizations/{id}/keys', { params: { path: { id }, query: query as object } }));
}
