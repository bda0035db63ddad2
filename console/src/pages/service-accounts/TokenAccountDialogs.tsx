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

export type TokenAccount = Schema<'TokenServiceAccount'>;

interface Draft {
  readonly name: string;
  readonly responsible_account_id: string | undefined;
}

/** Names of cached lists to reload after a change of a service account, which can stop, resume or revoke its tokens. */
export const TOUCHED = ['token-accounts', 'admin-tokens'];

const RULES = {
  name: (name: string) => (name.trim() === '' ? 'Enter a name: the machine or program that uses it.' : null),
  responsible_account_id: (id: string | undefined) => (id === undefined ? 'Choose the person who is responsible for it.' : null),
};

function partsOf(account: TokenAccount): readonly EditPart<Draft>[] {
  return [
    namePart(),
    {
      name: 'responsible_account_id',
      label: 'Responsible person',
      words: ({ responsible_account_id: id }) => <PersonName id={id} of={account} />,
    },
  ];
}

function PersonName({ id, of: account }: { id: string | undefined; of: TokenAccount }) {
  const read = useName(id);
  const known = id === account.responsible_account_id ? account.responsible_name : null;
  return <bdi>{known ?? read ?? id ?? 'No one'}</bdi>;
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
      title="Create service account"
      size="md"
      initial={{ name: '', responsible_account_id: isHere ? account.id : undefined }}
      validate={RULES}
      verb="Create service account"
      invalidates={TOUCHED}
      save={({ name, ...rest }, header) => {
        const body = { name: name.trim(), ...(rest as { responsible_account_id: string }) };
        if (organizationId === null) return asked(api.POST('/service-accounts', { params: { header }, body }));
        return asked(
          api.POST('/organizations/{id}/service-accounts', { params: { path: { id: organizationId }, header }, body }),
        );
      }}
      onSaved={({ name }) => saved(`${name} was created. Give it an admin token next.`)}
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
        label="Name"
        description="The machine or program that uses it."
        data-autofocus
        maxLength={200}
        {...form.getInputProps('name')}
      />
      <ObjectSelect
        kind="account"
        label="Responsible person"
        placeholder="Search people by name"
        value={form.values.responsible_account_id}
        onChange={(id) => form.setFieldValue('responsible_account_id', id)}
        organizationId={organizationId ?? undefined}
        error={form.errors.responsible_account_id}
        firstName={firstName}
      />
      <Text fz="xs" c="dimmed">
        Its admin tokens can never do more than this person. They stop working when this person leaves.
      </Text>
    </>
  );
}

export function EditTokenAccount({ of: account, onClose }: { of: TokenAccount; onClose: () => void }) {
  return (
    <EditDialog<TokenAccount, Draft>
      opened
      onClose={onClose}
      title={`Edit ${account.name}`}
      size="md"
      what="This service account"
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
    queryFn: () => asked(api.DELETE('/service-accounts/{id}', { params: { path, query: { dry_run: 'true' } } })),
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Delete ${account.name}`}
      name={account.name}
      verb="Delete service account"
      isKnown={report.isSuccess}
      consequences={[
        ...(report.data === undefined ? [] : [tokensWords(report.data.admin_tokens_revoked.length)]),
        'You cannot undo this. What it did stays in the audit log.',
      ]}
      action={async () => {
        await asked(api.DELETE('/service-accounts/{id}', { params: { path } }));
        await Promise.all(TOUCHED.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
        saved(`${account.name} was deleted.`);
      }}
    >
      {report.isPending && (
        <Text fz="sm" c="dimmed" role="status">
          Looking up its admin tokens…
        </Text>
      )}
      {report.isError && <ProblemNote error={report.error} onRetry={() => void report.refetch()} />}
    </ConfirmByName>
  );
}

function tokensWords(count: number): string {
  if (count === 0) return 'It has no admin tokens that work.';
  if (count === 1) return 'Its admin token is revoked. Programs that use it are refused at once.';
  return `Its ${countText(count)} admin tokens are revoked. Programs that use them are refused at once.`;
}
