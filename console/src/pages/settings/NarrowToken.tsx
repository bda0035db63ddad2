import { MultiSelect, Select, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { expiresAtOf, LASTS, type Lasts } from './token-expiry.ts';

type Token = Schema<'AdminToken'>;

interface TokenDraft {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly organization_ids: readonly string[];
  readonly networks: readonly string[];
  readonly lasts: Lasts | 'as_it_is';
}

/** Changes the name, the narrowing and the expiry of a token. Its role and its secret stay. */
export function NarrowToken({ token, onClose }: { token: Token | null; onClose: () => void }) {
  if (token === null) return null;
  return (
    <EditDialog<Token, TokenDraft>
      opened
      onClose={onClose}
      title="Change admin token"
      size="lg"
      what="This admin token"
      path={`/admin-tokens/${token.id}`}
      draftOf={draftOf}
      parts={PARTS}
      validate={{ name: (name) => (name.trim() === '' ? 'Enter a name: the program that uses it.' : null) }}
      invalidates={['admin-tokens']}
    >
      {(form, read) => <Fields form={form} of={read} />}
    </EditDialog>
  );
}

function Fields({ form, of: token }: { form: UseFormReturnType<TokenDraft>; of: Token }) {
  return (
    <>
      <TextInput data-autofocus label="Name" maxLength={200} {...form.getInputProps('name')} />
      <MultiSelect
        label="Permissions"
        description="The permissions of its role that it keeps. Leave empty to keep all of them."
        searchable
        clearable
        data={[...new Set([...token.capabilities, ...(token.permissions ?? [])])]}
        {...form.getInputProps('permissions')}
        error={firstErrorOf(form.errors, 'permissions')}
      />
      {token.organization_id === null && (
        <TagsInput
          label="Organizations"
          description="Ids (org_…) of the organizations in which it may act. Leave empty for all, and the platform."
          {...form.getInputProps('organization_ids')}
          error={firstErrorOf(form.errors, 'organization_ids')}
        />
      )}
      <TagsInput
        label="Networks"
        description="Addresses and ranges from which it may be used, such as 10.0.0.0/8. Leave empty for any."
        {...form.getInputProps('networks')}
        error={firstErrorOf(form.errors, 'networks')}
      />
      <Select
        label="Expires"
        allowDeselect={false}
        data={[{ value: 'as_it_is', label: 'No change' }, ...LASTS]}
        {...form.getInputProps('lasts')}
      />
    </>
  );
}

const PARTS: readonly EditPart<TokenDraft>[] = [
  namePart(),
  narrowing('permissions', 'Permissions'),
  narrowing('organization_ids', 'Organizations'),
  narrowing('networks', 'Networks'),
  {
    name: 'lasts',
    label: 'Expiry',
    body: ({ lasts }) => (lasts === 'as_it_is' ? {} : { expires_at: expiresAtOf(lasts) }),
    words: ({ lasts }) => LASTS.find(({ value }) => value === lasts)?.label ?? 'no change',
    known: ({ lasts }) => lasts,
  },
];

/** Returns a part that narrows the token to a list. An empty list removes the narrowing. */
function narrowing(name: 'permissions' | 'organization_ids' | 'networks', label: string): EditPart<TokenDraft> {
  return {
    name,
    label,
    body: (draft) => ({ [name]: draft[name].length === 0 ? null : draft[name] }),
    words: (draft) => (draft[name].length === 0 ? 'all' : draft[name].join(', ')),
  };
}

function draftOf({ name, permissions, organization_ids, networks }: Token): TokenDraft {
  return {
    name,
    permissions: permissions ?? [],
    organization_ids: organization_ids ?? [],
    networks: networks ?? [],
    lasts: 'as_it_is',
  };
}
