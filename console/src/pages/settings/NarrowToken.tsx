import { MultiSelect, Select, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { expiresAtOf, LASTS, type Lasts } from './token-expiry.ts';
import { words } from './words.ts';

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
      title={words.changeAdminToken}
      size="lg"
      what={words.thisAdminToken}
      path={`/admin-tokens/${token.id}`}
      draftOf={draftOf}
      parts={PARTS}
      validate={{ name: (name) => (name.trim() === '' ? words.enterUsedBy : null) }}
      invalidates={['admin-tokens']}
    >
      {(form, read) => <Fields form={form} of={read} />}
    </EditDialog>
  );
}

function Fields({ form, of: token }: { form: UseFormReturnType<TokenDraft>; of: Token }) {
  return (
    <>
      <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
      <MultiSelect
        label={words.permissions}
        description={words.permissionsMean}
        searchable
        clearable
        data={[...new Set([...token.capabilities, ...(token.permissions ?? [])])]}
        {...form.getInputProps('permissions')}
        error={firstErrorOf(form.errors, 'permissions')}
      />
      {token.organization_id === null && (
        <TagsInput
          label={words.organizations}
          description={words.organizationsMean}
          {...form.getInputProps('organization_ids')}
          error={firstErrorOf(form.errors, 'organization_ids')}
        />
      )}
      <TagsInput
        label={words.networks}
        description={words.networksMean}
        {...form.getInputProps('networks')}
        error={firstErrorOf(form.errors, 'networks')}
      />
      <Select
        label={words.expires}
        allowDeselect={false}
        data={[{ value: 'as_it_is', label: words.noChangeOption }, ...LASTS]}
        {...form.getInputProps('lasts')}
      />
    </>
  );
}

const PARTS: readonly EditPart<TokenDraft>[] = [
  namePart(),
  narrowing('permissions', words.permissions),
  narrowing('organization_ids', words.organizations),
  narrowing('networks', words.networks),
  {
    name: 'lasts',
    label: words.expiry,
    body: ({ lasts }) => (lasts === 'as_it_is' ? {} : { expires_at: expiresAtOf(lasts) }),
    words: ({ lasts }) => LASTS.find(({ value }) => value === lasts)?.label ?? words.noChange,
    known: ({ lasts }) => lasts,
  },
];

/** Returns a part that narrows the token to a list. An empty list removes the narrowing. */
function narrowing(name: 'permissions' | 'organization_ids' | 'networks', label: string): EditPart<TokenDraft> {
  return {
    name,
    label,
    body: (draft) => ({ [name]: draft[name].length === 0 ? null : draft[name] }),
    words: (draft) => (draft[name].length === 0 ? words.all : draft[name].join(', ')),
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
