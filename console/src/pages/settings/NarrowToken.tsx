import { MultiSelect, Select, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { expiresAtOf, LASTS, type Lasts } from './token-expiry.ts';

type Token = Schema<'AdminToken'>;

/** Changes the name, the narrowing and the expiry of a token. Its role and its secret stay. */
export function NarrowToken({ token, onClose }: { token: Token | null; onClose: () => void }) {
  return (
    <FormDialog opened={token !== null} onClose={onClose} title="Change admin token">
      {token !== null && <NarrowForm token={token} />}
    </FormDialog>
  );
}

function NarrowForm({ token }: { token: Token }) {
  const form = useForm({
    initialValues: {
      name: token.name,
      permissions: token.permissions ?? [],
      organization_ids: token.organization_ids ?? [],
      networks: token.networks ?? [],
      lasts: 'as_it_is' as Lasts | 'as_it_is',
    },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name: the program that uses it.' : null) },
  });
  return (
    <DialogForm
      form={form}
      verb="Save"
      invalidates={['admin-tokens']}
      save={({ name, permissions, organization_ids, networks, lasts }) =>
        asked(
          api.PATCH('/admin-tokens/{id}', {
            params: { path: { id: token.id }, header: { 'if-match': `"${token.version}"` } },
            body: {
              name: name.trim(),
              permissions: orNull(permissions),
              networks: orNull(networks),
              ...(token.organization_id === null && { organization_ids: orNull(organization_ids) }),
              ...(lasts !== 'as_it_is' && { expires_at: expiresAtOf(lasts) }),
            },
          }),
        )
      }
      onSaved={({ name }) => saved(`${name} was changed.`)}
    >
      <TextInput data-autofocus label="Name" maxLength={200} {...form.getInputProps('name')} />
      <MultiSelect
        label="Permissions"
        description="The permissions of its role that it keeps. Leave empty to keep all of them."
        searchable
        clearable
        data={[...new Set([...token.capabilities, ...(token.permissions ?? [])])]}
        {...form.getInputProps('permissions')}
        error={errorBelow(form.errors, 'permissions')}
      />
      {token.organization_id === null && (
        <TagsInput
          label="Organizations"
          description="Ids (org_…) of the organizations in which it may act. Leave empty for all, and the platform."
          {...form.getInputProps('organization_ids')}
          error={errorBelow(form.errors, 'organization_ids')}
        />
      )}
      <TagsInput
        label="Networks"
        description="Addresses and ranges from which it may be used, such as 10.0.0.0/8. Leave empty for any."
        {...form.getInputProps('networks')}
        error={errorBelow(form.errors, 'networks')}
      />
      <Select
        label="Expires"
        allowDeselect={false}
        data={[{ value: 'as_it_is', label: 'No change' }, ...LASTS]}
        {...form.getInputProps('lasts')}
      />
    </DialogForm>
  );
}

function orNull<T>(list: readonly T[]): T[] | null {
  return list.length === 0 ? null : [...list];
}

/** Returns the error of a list field. An error in one entry counts as an error of the list. */
function errorBelow(errors: Readonly<Record<string, React.ReactNode>>, field: string): React.ReactNode {
  return Object.entries(errors).find(([path]) => path === field || path.startsWith(`${field}.`))?.[1];
}
