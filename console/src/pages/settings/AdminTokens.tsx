import { Alert, Button, Group, Select, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { CopyField } from '../../components/CopyField.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Awaited } from '../../components/Skeletons.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { CreateToken } from './CreateToken.tsx';
import { NarrowToken } from './NarrowToken.tsx';
import { TakeOverToken } from './TakeOverToken.tsx';
import { tokenColumns } from './token-columns.tsx';
import { words } from './words.ts';

type Token = Schema<'AdminToken'>;
type Doing = { readonly what: 'revoke' | 'narrow' | 'take_over'; readonly token: Token } | null;

/** Lists the admin tokens, by which programs call the admin API. Each has a role, a scope, an owner and an expiry. */
export function AdminTokens() {
  const [state, set] = useUrlState();
  const [secret, setSecret] = useState<string | null>(null);
  const [doing, setDoing] = useState<Doing>(null);
  const open = () => set({ new: '1' });
  useHotkeys([['n', open]]);
  const at = (what: NonNullable<Doing>['what']) => (doing?.what === what ? doing.token : null);
  const close = () => setDoing(null);
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        {words.tokensMean}
      </Text>
      {state.service_account_id === undefined ? (
        <UnownedNote isShown={state.unowned === 'true'} onShow={(unowned) => set({ unowned, cursor: undefined })} />
      ) : (
        <OwnerNote
          id={state.service_account_id}
          onShowAll={() => set({ service_account_id: undefined, organization_id: undefined, cursor: undefined })}
        />
      )}
      <DataList<Token>
        name="admin-tokens"
        fetch={fetchTokens}
        columns={tokenColumns((what, token) => setDoing({ what, token }))}
        filters={['status', 'unowned', 'organization_id', 'service_account_id']}
        searchLabel={words.searchByNameOrId}
        controls={
          <>
            <Select
              aria-label={words.status}
              placeholder={words.anyStatus}
              clearable
              w={140}
              data={['active', 'revoked'].map((value) => ({ value, label: wordOf(value) }))}
              value={state.status ?? null}
              onChange={(status) => set({ status: status ?? undefined, cursor: undefined })}
            />
            <Button leftSection={<IconPlus size={16} />} onClick={open}>
              {words.createAdminToken}
            </Button>
          </>
        }
        empty={
          <EmptyState title={words.noAdminTokensYet} action={<Button onClick={open}>{words.createAdminToken}</Button>}>
            {words.noTokensHint}
          </EmptyState>
        }
      />
      <CreateToken
        opened={state.new === '1'}
        ownerId={state.service_account_id}
        organizationId={state.organization_id}
        onClose={() => set({ new: undefined })}
        onCreated={setSecret}
      />
      {secret !== null && (
        <SecretDialog title={words.newAdminToken} onClose={() => setSecret(null)}>
          <CopyField label={words.token} description={words.storeItNow} value={secret} />
        </SecretDialog>
      )}
      <NarrowToken token={at('narrow')} onClose={close} />
      <TakeOverToken token={at('take_over')} onClose={close} />
      <RevokeToken token={at('revoke')} onClose={close} />
    </>
  );
}

function fetchTokens(query: ListQuery) {
  return asked(api.GET('/admin-tokens', { params: { query: queryOf('/admin-tokens', query) } }));
}

/** Warns that tokens without an owner will expire, with a button that shows them. Shows nothing if every token has an owner. */
function UnownedNote({ isShown, onShow }: { isShown: boolean; onShow: (unowned: 'true' | undefined) => void }) {
  const unowned = useQuery({
    queryKey: ['admin-tokens', 'unowned'],
    queryFn: () => asked(api.GET('/admin-tokens', { params: { query: { unowned: true, limit: 1 } } })),
  });
  if (unowned.isPending) return <Awaited shape="nothing" />;
  const total = unowned.data?.total ?? 0;
  if (total === 0 && !isShown) return null;
  return (
    <Alert
      color="yellow"
      p="xs"
      mb="sm"
      role="note"
      title={total === 1 ? words.oneTokenHasNoOwner : words.tokensHaveNoOwner(total)}
    >
      <Text fz="sm" mb="xs">
        {words.unownedTokensStop(total)}
      </Text>
      <Button size="compact-sm" variant="default" onClick={() => onShow(isShown ? undefined : 'true')}>
        {isShown ? words.showAllTokens : total === 1 ? words.showIt : words.showThem}
      </Button>
    </Alert>
  );
}

/** Says that the list shows only the tokens of one service account. */
function OwnerNote({ id, onShowAll }: { id: string; onShowAll: () => void }) {
  const account = useQuery({
    queryKey: ['token-accounts', 'one', id],
    queryFn: () => asked(api.GET('/service-accounts/{id}', { params: { path: { id } } })),
  });
  if (account.isPending) return <Awaited shape="nothing" />;
  return (
    <Alert color="blue" p="xs" mb="sm" role="note">
      <Group gap="sm" justify="space-between">
        <Text fz="sm">
          {words.tokensOfAccount} <b>{account.data?.name ?? id}</b>
          {words.newTokenBelongsToo}
        </Text>
        <Button size="compact-sm" variant="default" onClick={onShowAll}>
          {words.showAllTokens}
        </Button>
      </Group>
    </Alert>
  );
}

function RevokeToken({ token, onClose }: { token: Token | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={token !== null}
      onClose={onClose}
      title={words.revokeAdminToken}
      name={token?.name ?? ''}
      verb={words.revokeToken}
      consequences={[words.programsAreRefused, words.cannotUndoRevoke]}
      action={async () => {
        await asked(api.DELETE('/admin-tokens/{id}', { params: { path: { id: token?.id ?? '' } } }));
        await queryClient.invalidateQueries({ queryKey: ['admin-tokens'] });
      }}
    />
  );
}
