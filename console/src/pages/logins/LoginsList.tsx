import { Button, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Time } from '../../components/Time.tsx';
import { words } from './words.ts';

type Login = Schema<'Login'>;

/** The logins to list: one's own, or those of an organization or a team that the person may see. */
export type WhoseLogins = { readonly own: true } | { readonly organization_id: string } | { readonly team_id: string };

const REFETCH_MS = 15_000;

/** Lists logins, each with a button that ends it. */
export function LoginsList({ whose }: { whose: WhoseLogins }) {
  const [ending, setEnding] = useState<Login | null>(null);
  const queryClient = useQueryClient();
  const isOwn = 'own' in whose;
  return (
    <>
      <DataList<Login>
        name="logins"
        prefix="logins_"
        scope={[whose]}
        fetch={({ limit, cursor }) =>
          asked(
            api.GET('/logins', {
              params: { query: { limit, ...(cursor === undefined ? {} : { cursor }), ...whose } },
            }),
          )
        }
        columns={columnsOf({ isOwn, onEnd: setEnding })}
        refetchMs={REFETCH_MS}
        empty={<EmptyState title={words.noLogins}>{words.noLoginsHint}</EmptyState>}
      />
      <ConfirmByName
        opened={ending !== null}
        onClose={() => setEnding(null)}
        title={words.endNamed(ending?.device_name ?? '')}
        name={null}
        verb={words.endLogin}
        consequences={[words.tokensStop]}
        action={async () => {
          if (ending === null) return;
          await asked(api.DELETE('/logins/{id}', { params: { path: { id: ending.id } } }));
          saved(words.wasEnded(ending.device_name));
          await queryClient.invalidateQueries({ queryKey: ['logins'] });
        }}
      />
    </>
  );
}

function columnsOf({ isOwn, onEnd }: { isOwn: boolean; onEnd: (login: Login) => void }): ListColumn<Login>[] {
  const person: ListColumn<Login> = {
    accessor: 'person_name',
    title: words.person,
    phone: { fact: 1 },
    render: ({ person_name: name, person_email: email }) => (
      <Text fz="sm" truncate maw={200} title={email}>
        <bdi>{name}</bdi>
      </Text>
    ),
  };
  return [
    {
      accessor: 'device_name',
      title: words.device,
      phone: 'title',
      render: ({ device_name: device, client }) => (
        <Stack gap={0} maw={260}>
          <Text fz="sm" fw={500} truncate title={device}>
            <bdi>{device}</bdi>
          </Text>
          <Text fz="xs" c="dimmed" truncate>
            <bdi>{client}</bdi>
          </Text>
        </Stack>
      ),
    },
    ...(isOwn ? [] : [person]),
    {
      accessor: 'team_name',
      title: words.team,
      phone: { fact: 2 },
      render: ({ team_name: team }) => (
        <Text fz="sm" truncate maw={180}>
          <bdi>{team}</bdi>
        </Text>
      ),
    },
    {
      accessor: 'last_used_at',
      title: words.lastUsed,
      noWrap: true,
      phone: { fact: 3, isNamed: true },
      render: ({ last_used_at: at }) => (at === null ? words.never : <Time at={at} relative />),
    },
    { accessor: 'created_at', title: words.since, noWrap: true, render: ({ created_at: at }) => <Time at={at} relative /> },
    { accessor: 'ends_at', title: words.ends, noWrap: true, render: ({ ends_at: at }) => <Time at={at} relative /> },
    {
      accessor: 'actions',
      title: '',
      width: 90,
      phone: 'menu',
      render: (login) => (
        <Button
          size="compact-sm"
          variant="default"
          disabled={!login.may_end}
          aria-label={words.endNamed(login.device_name)}
          onClick={() => onEnd(login)}
        >
          {words.end}
        </Button>
      ),
    },
  ];
}
