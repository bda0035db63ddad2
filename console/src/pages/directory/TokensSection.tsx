import { Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { listScimTokens, revokeScimToken, type ScimToken } from '../../api/directory.ts';
import type { Organization } from '../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../api/session.tsx';
import { CopyField } from '../../components/CopyField.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Section } from '../../components/Section.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { expiresAtOf } from '../settings/token-expiry.ts';
import { words } from './words.ts';

const ACTIVE_MAX = 2;
type Lasts = keyof typeof words.days;
const LASTS = (Object.keys(words.days) as Lasts[]).map((value) => ({ value, label: words.days[value] }));

interface TokensProps {
  readonly organization: Organization;
  readonly activeTokens: number;
}

/** Lists the tokens of the endpoint, and creates and revokes them. A new token is shown once. */
export function TokensSection({ organization, activeTokens }: TokensProps) {
  const [state, set] = useUrlState();
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<ScimToken | null>(null);
  const mayManage = verdictOf('directory.manage', organization);
  const mayCreate: Verdict =
    mayManage.allowed && activeTokens >= ACTIVE_MAX ? { allowed: false, reason: words.twoTokens } : mayManage;
  const add = (
    <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={() => set({ new: 'token' }, 'push')}>
      {words.createToken}
    </GuardedButton>
  );
  return (
    <Section title={words.tokens}>
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.tokensMean}
      </Text>
      <DataList<ScimToken>
        name="scim-tokens"
        scope={[organization.id]}
        fetch={({ limit, cursor }) => listScimTokens(organization.id, { limit, cursor })}
        columns={columnsOf(mayManage, setRevoking)}
        controls={add}
        empty={
          <EmptyState title={words.noTokensYet} action={add}>
            {words.noTokensHint}
          </EmptyState>
        }
      />
      <CreateTokenDialog
        opened={state.new === 'token' && mayCreate.allowed}
        organizationId={organization.id}
        onClose={() => set({ new: undefined })}
        onCreated={setSecret}
      />
      {secret !== null && (
        <SecretDialog title={words.newToken} onClose={() => setSecret(null)}>
          <CopyField label={words.token} description={words.storeItNow} value={secret} />
        </SecretDialog>
      )}
      <RevokeDialog token={revoking} organizationId={organization.id} onClose={() => setRevoking(null)} />
    </Section>
  );
}

function columnsOf(mayRevoke: Verdict, onRevoke: (token: ScimToken) => void): ListColumn<ScimToken>[] {
  return [
    {
      accessor: 'name',
      title: words.name,
      phone: 'title',
      render: ({ name, last_four }) => (
        <Stack gap={0} maw={320}>
          <Text fz="sm" fw={500} truncate title={name}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed">
            {words.endingIn} <span className="mono">{last_four}</span>
          </Text>
        </Stack>
      ),
    },
    { accessor: 'state', title: words.state, phone: { fact: 1 }, render: ({ state }) => <StatusBadge status={state} /> },
    {
      accessor: 'last_used_at',
      title: words.lastUsed,
      phone: { fact: 2, isNamed: true },
      render: ({ last_used_at: at }) => (at === null ? words.never : <Time at={at} relative />),
    },
    {
      accessor: 'expires_at',
      title: words.expires,
      render: ({ expires_at: at }) => (at === null ? words.never : <Time at={at} />),
    },
    {
      accessor: 'created_at',
      title: words.created,
      render: ({ created_at, created_by_name }) => (
        <>
          <Time at={created_at} /> {words.by} <bdi>{created_by_name}</bdi>
        </>
      ),
    },
    {
      accessor: 'id',
      title: '',
      textAlign: 'right',
      phone: 'menu',
      render: (token) =>
        token.state === 'revoked' ? null : (
          <ActionMenu
            label={words.actionsFor(token.name)}
            verdict={mayRevoke}
            actions={[{ label: words.revoke, does: () => onRevoke(token), isDestructive: true }]}
          />
        ),
    },
  ];
}

interface CreateProps {
  readonly opened: boolean;
  readonly organizationId: string;
  readonly onClose: () => void;
  readonly onCreated: (secret: string) => void;
}

function CreateTokenDialog({ opened, organizationId, onClose, onCreated }: CreateProps) {
  return (
    <CreateDialog
      opened={opened}
      onClose={onClose}
      title={words.createToken}
      initial={{ name: '', lasts: 'never' as Lasts }}
      validate={{ name: (name: string) => (name.trim() === '' ? words.enterName : null) }}
      verb={words.createToken}
      invalidates={['scim-tokens', 'directory']}
      save={({ name, lasts }, header) => {
        const params = { path: { id: organizationId }, header };
        const body = { name: name.trim(), expires_at: expiresAtOf(lasts) };
        return asked(api.POST('/organizations/{id}/scim-tokens', { params, body }));
      }}
      onSaved={({ token }) => onCreated(token)}
    >
      {(form) => (
        <>
          <TextInput
            data-autofocus
            label={words.name}
            description={words.nameMeans}
            maxLength={100}
            {...form.getInputProps('name')}
          />
          <Select label={words.expires} allowDeselect={false} data={LASTS} {...form.getInputProps('lasts')} />
        </>
      )}
    </CreateDialog>
  );
}

interface RevokeProps {
  readonly token: ScimToken | null;
  readonly organizationId: string;
  readonly onClose: () => void;
}

function RevokeDialog({ token, organizationId, onClose }: RevokeProps) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={token !== null}
      onClose={onClose}
      title={words.revoke}
      name={token?.name ?? ''}
      verb={words.revoke}
      consequences={[words.revokeMeans, words.revokeKeeps, words.cannotUndo]}
      action={async () => {
        if (token === null) return;
        await revokeScimToken(organizationId, token.id);
        saved(words.revoked(token.name));
        await queryClient.invalidateQueries({ queryKey: ['scim-tokens'] });
        await queryClient.invalidateQueries({ queryKey: ['directory'] });
      }}
    />
  );
}
