import { ActionIcon, Badge, Group, Menu, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan, verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { MenuWhyNot } from '../../components/dialogs/WhyNot.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { kindLabel } from '../alerts/alert-kinds.ts';
import { Deliveries } from './Deliveries.tsx';
import { CreateWebhook, EditWebhook, WebhookSecret } from './WebhookDialogs.tsx';
import type { Webhook } from './WebhookFields.tsx';
import { words } from './words.ts';

type Doing = { readonly is: 'edit' | 'deliveries' | 'rotate' | 'delete'; readonly webhook: Webhook } | null;

const REFETCH_MS = 10_000;

/** Lists the webhooks of one organization, or of the platform if it is null. */
export function WebhooksList({ organizationId }: { organizationId: string | null }) {
  const [state, set] = useUrlState();
  const [secret, setSecret] = useState<string | null>(null);
  const [doing, setDoing] = useState<Doing>(null);
  const verdict = useCan('webhooks.manage', organizationId);
  const open = () => verdict.allowed && set({ new: 'webhook' });
  useHotkeys([['n', open]]);
  const create = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={open}>
      {words.createWebhook}
    </GuardedButton>
  );
  const done = () => setDoing(null);
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        {words.eventsMean}
      </Text>
      <DataList<Webhook>
        name="webhooks"
        scope={[organizationId]}
        fetch={(query) => fetchWebhooks(query, organizationId)}
        columns={columnsOf(setDoing)}
        searchLabel={words.searchByNameOrId}
        refetchMs={REFETCH_MS}
        controls={create}
        empty={
          <EmptyState title={words.noWebhooksYet} action={create}>
            {words.createHint(organizationId)}
          </EmptyState>
        }
      />
      <CreateWebhook
        opened={state.new === 'webhook' && verdict.allowed}
        organizationId={organizationId}
        onClose={() => set({ new: undefined })}
        onCreated={setSecret}
      />
      {secret !== null && <WebhookSecret secret={secret} onClose={() => setSecret(null)} />}
      {doing?.is === 'edit' && <EditWebhook webhook={doing.webhook} onClose={done} />}
      {doing?.is === 'deliveries' && <Deliveries webhook={doing.webhook} onClose={done} />}
      <RotateDialog webhook={doing?.is === 'rotate' ? doing.webhook : null} onClose={done} onRotated={setSecret} />
      <DeleteDialog webhook={doing?.is === 'delete' ? doing.webhook : null} onClose={done} />
    </>
  );
}

function fetchWebhooks(query: ListQuery, organizationId: string | null) {
  const of = organizationId === null ? { platform: 'true' } : { organization_id: organizationId };
  return asked(api.GET('/webhooks', { params: { query: queryOf('/webhooks', { ...query, ...of }) } }));
}

function columnsOf(setDoing: (doing: Doing) => void): ListColumn<Webhook>[] {
  return [
    {
      accessor: 'name',
      title: words.webhook,
      sortable: true,
      phone: 'title',
      render: ({ name, url }) => (
        <Stack gap={0} maw={340}>
          <Text fz="sm" fw={500} truncate title={name}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed" className="mono" truncate title={url}>
            {url}
          </Text>
        </Stack>
      ),
    },
    {
      accessor: 'events',
      title: words.events,
      phone: { fact: 3 },
      render: ({ events }) => (
        <Group gap={4}>
          {events.map((type) => (
            <Badge key={type} color="gray">
              {kindLabel(type)}
            </Badge>
          ))}
        </Group>
      ),
    },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    { accessor: 'last_delivery', title: words.lastDelivery, phone: { fact: 2 }, render: (row) => <Last webhook={row} /> },
    {
      accessor: 'created_at',
      title: words.created,
      sortable: true,
      noWrap: true,
      render: ({ created_at }) => <Time at={created_at} />,
    },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (webhook) => <RowMenu webhook={webhook} setDoing={setDoing} />,
    },
  ];
}

function Last({ webhook: { last_delivery: last } }: { webhook: Webhook }) {
  if (last === null)
    return (
      <Text fz="sm" c="dimmed">
        {words.nothingSent}
      </Text>
    );
  return (
    <Group gap={6} wrap="nowrap" title={last.problem ?? undefined}>
      <StatusBadge status={last.status} />
      <Time at={last.at} relative />
    </Group>
  );
}

function RowMenu({ webhook, setDoing }: { webhook: Webhook; setDoing: (doing: Doing) => void }) {
  const queryClient = useQueryClient();
  const verdict = verdictOf('webhooks.manage', webhook);
  const { allowed } = verdict;
  const path = { id: webhook.id };
  const isActive = webhook.status === 'active';
  const act = async (call: () => Promise<unknown>, said: string) => {
    await call();
    saved(said);
    await queryClient.invalidateQueries({ queryKey: ['webhooks'] });
  };
  const sendTest = async () => {
    await act(() => asked(api.POST('/webhooks/{id}/test', { params: { path } })), words.testIsSent);
    setDoing({ is: 'deliveries', webhook });
  };
  const turn = () => {
    const body = { status: isActive ? ('disabled' as const) : ('active' as const) };
    return act(() => asked(api.PATCH('/webhooks/{id}', { params: { path }, body })), words.isNow(webhook.name, isActive));
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.actionsFor(webhook.name)}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!allowed || !isActive} onClick={() => void sendTest()}>
          {words.sendATestEvent}
        </Menu.Item>
        <Menu.Item onClick={() => setDoing({ is: 'deliveries', webhook })}>{words.deliveries}</Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => setDoing({ is: 'edit', webhook })}>
          {words.edit}
        </Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => setDoing({ is: 'rotate', webhook })}>
          {words.newSecret}
        </Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => void turn()}>
          {isActive ? words.disable : words.enable}
        </Menu.Item>
        <Menu.Item disabled={!allowed} color="red" onClick={() => setDoing({ is: 'delete', webhook })}>
          {words.delete}
        </Menu.Item>
        <MenuWhyNot verdict={verdict} />
      </Menu.Dropdown>
    </Menu>
  );
}

interface RotateDialogProps {
  readonly webhook: Webhook | null;
  readonly onClose: () => void;
  readonly onRotated: (secret: string) => void;
}

function RotateDialog({ webhook, onClose, onRotated }: RotateDialogProps) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={webhook !== null}
      onClose={onClose}
      title={words.newSecretFor(webhook?.name ?? '')}
      name={null}
      verb={words.createNewSecret}
      consequences={[words.bothSecretsFor24Hours, words.thenOnlyNewSecret]}
      action={async () => {
        if (webhook === null) return;
        const { secret } = await asked(api.POST('/webhooks/{id}/rotate', { params: { path: { id: webhook.id } }, body: {} }));
        onRotated(secret);
        await queryClient.invalidateQueries({ queryKey: ['webhooks'] });
      }}
    />
  );
}

function DeleteDialog({ webhook, onClose }: { webhook: Webhook | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={webhook !== null}
      onClose={onClose}
      title={words.deleteWebhook}
      name={webhook?.name ?? ''}
      verb={words.deleteWebhook}
      consequences={[words.waitingEventsDropped, words.deliveriesDeleted]}
      action={async () => {
        if (webhook === null) return;
        await asked(api.DELETE('/webhooks/{id}', { params: { path: { id: webhook.id } } }));
        saved(words.wasDeleted(webhook.name));
        await queryClient.invalidateQueries({ queryKey: ['webhooks'] });
      }}
    />
  );
}
