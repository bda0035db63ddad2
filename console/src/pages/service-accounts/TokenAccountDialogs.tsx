import { Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { useName } from '../../api/names.ts';
import { useSession } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { saved } from '../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

export type TokenAccount = Schema<'TokenServiceAccount'>;

interface Draft {
  readonly name: string;
  readonly responsible_account_id: string | undefined;
}

/** Names of cached lists to reload after a change of a service account, which can stop, resume or revoke its tokens. */
export const TOUCHED = ['token-accounts', 'admin-tokens'];

const RULES = {
  name: (name: string) => (name.trim() === '' ? words.enterName : null),
  responsible_account_id: (id: string | undefined) => (id === undefined ? words.chooseResponsible : null),
};

function partsOf(account: TokenAccount): readonly EditPart<Draft>[] {
  return [
    namePart(),
    {
      name: 'responsible_account_id',
      label: words.responsiblePerson,
      words: ({ responsible_account_id: id }) => <PersonName id={id} of={account} />,
    },
  ];
}

function PersonName({ id, of: account }: { id: string | undefined; of: TokenAccount }) {
  const read = useName(id);
  const known = id === account.responsible_account_id ? account.responsible_name : null;
  return <bdi>{known ?? read ?? id ?? words.noOne}</bdi>;
}

interface CreateProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Null means the platform. */
  readonly organizationId: string | null;
}

export function CreateTokenAccount({ opened, onClose, organizationId }: CreateProps) {
  const { account, memberships } = useSession();
  const isHere = organizationId === null || memberships.some(({ organization_id }) => organization_id === organizationId);
  return (
    <CreateDialog<Draft, TokenAccount>
      opened={opened}
      onClose={onClose}
      title={words.createServiceAccount}
      size="md"
      initial={{ name: '', responsible_account_id: isHere ? account.id : undefined }}
      validate={RULES}
      verb={words.createServiceAccount}
      invalidates={TOUCHED}
      save={({ name, ...rest }, header) => {
        const body = { name: name.trim(), ...(rest as { responsible_account_id: string }) };
        if (organizationId === null) return asked(api.POST('/service-accounts', { params: { header }, body }));
        return asked(
          api.POST('/organizations/{id}/service-accounts', { params: { path: { id: organizationId }, header }, body }),
        );
      }}
      onSaved={({ name }) => saved(words.wasCreated(name))}
    >
      {(form) => <Fields form={form} organizationId={organizationId} firstName={account.name} />}
    </CreateDialog>
  );
}

interface FieldsProps {
  readonly form: UseFormReturnType<Draft>;
  readonly organizationId: string | null;
  /** The name of the responsible person when the form opens. */
  readonly firstName: string | null;
}

function Fields({ form, organizationId, firstName }: FieldsProps) {
  return (
    <>
      <TextInput
        label={words.name}
        description={words.nameMeans}
        data-autofocus
        maxLength={200}
        {...form.getInputProps('name')}
      />
      <ObjectSelect
        kind="account"
        label={words.responsiblePerson}
        placeholder={words.searchPeopleByName}
        value={form.values.responsible_account_id}
        onChange={(id) => form.setFieldValue('responsible_account_id', id)}
        organizationId={organizationId ?? undefined}
        error={form.errors.responsible_account_id}
        firstName={firstName}
      />
      <Text fz="xs" c="dimmed">
        {words.responsibleMeans}
      </Text>
    </>
  );
}

export function EditTokenAccount({ of: account, onClose }: { of: TokenAccount; onClose: () => void }) {
  return (
    <EditDialog<TokenAccount, Draft>
      opened
      onClose={onClose}
      title={words.editNamed(account.name)}
      size="md"
      what={words.thisServiceAccount}
      path={`/service-accounts/${account.id}`}
      draftOf={({ name, responsible_account_id }) => ({ name, responsible_account_id })}
      parts={partsOf(account)}
      validate={RULES}
      invalidates={TOUCHED}
    >
      {(form) => <Fields form={form} organizationId={account.organization_id} firstName={account.responsible_name} />}
    </EditDialog>
  );
}

/** Deletes a service account. First says how many of its tokens this revokes. */
export function DeleteTokenAccount({ of: account, onClose }: { of: TokenAccount; onClose: () => void }) {
  const queryClient = useQueryClient();
  const path = { id: account.id };
  const report = useQuery({
    queryKey: ['leaving', account.id],
    queryFn: () => asked(api.DELETE('/service-accounts/{id}', { params: { path, query: { dry_run: true } } })),
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.deleteNamed(account.name)}
      name={account.name}
      verb={words.deleteServiceAccount}
      isKnown={report.isSuccess}
      consequences={[
        ...(report.data === undefined ? [] : [tokensWords(report.data.admin_tokens_revoked.length)]),
        words.cannotUndoDelete,
      ]}
      action={async () => {
        await asked(api.DELETE('/service-accounts/{id}', { params: { path } }));
        await Promise.all(TOUCHED.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
        saved(words.wasDeleted(account.name));
      }}
    >
      {report.isPending && (
        <Text fz="sm" c="dimmed" role="status">
          {words.lookingUpItsAdminTokens}
        </Text>
      )}
      {report.isError && <ProblemNote error={report.error} onRetry={() => void report.refetch()} />}
    </ConfirmByName>
  );
}

function tokensWords(count: number): string {
  if (count === 0) return words.noTokens;
  if (count === 1) return words.tokenIsRevoked;
  return words.tokensAreRevoked(countText(count));
}
