import { Group } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useSession } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { CreateKeyDialog } from '../keys/CreateKeyDialog.tsx';
import { keyColumns } from '../keys/key-columns.tsx';
import { makingIn } from '../keys/may-create.ts';
import type { TeamTabProps } from './tab.ts';
import { words } from './words.ts';

const COLUMNS = keyColumns({ withPlace: false });

/** Lists the keys of a team. */
export function TeamKeysTab({ team }: TeamTabProps) {
  const [{ new: opened }, set] = useUrlState();
  const openPage = useOpenPage();
  const making = makingIn(team, useSession());
  const verdict = making.is === 'none' ? making.verdict : { allowed: true, reason: null };
  const open = () => set({ new: 'key' }, 'push');
  useHotkeys([['n', () => verdict.allowed && open()]]);
  const create = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={open}>
      {words.createKey}
    </GuardedButton>
  );
  return (
    <>
      <DataList
        name="keys"
        prefix="keys_"
        scope={[team.id]}
        fetch={(query) =>
          asked(api.GET('/teams/{id}/keys', { params: { path: { id: team.id }, query: queryOf('/teams/{id}/keys', query) } }))
        }
        columns={COLUMNS}
        searchLabel={words.searchByNameOrId}
        controls={<Group ml="auto">{create}</Group>}
        onRowClick={({ id }) => void openPage(links.key(id))}
        empty={
          verdict.allowed ? (
            <EmptyState title={words.noKeysYet} action={create}>
              {words.noKeysHint}
            </EmptyState>
          ) : (
            <EmptyState title={words.noKeysYet}>
              <WhyNot verdict={verdict} />
            </EmptyState>
          )
        }
      />
      <CreateKeyDialog opened={opened === 'key'} onClose={() => set({ new: undefined })} teamId={team.id} />
    </>
  );
}
