import { Select, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { words } from './words.ts';

/** The owner of a new admin token: the person who creates it, or a service account. */

export const ME = 'me';
export const NEW = 'new';

export interface OwnerDraft {
  /** `me`, `new`, or the id of a service account. */
  readonly owner: string;
  readonly account_name: string;
  readonly responsible: string | undefined;
}

interface OwnerFieldsProps<Draft extends OwnerDraft> {
  readonly form: UseFormReturnType<Draft>;
  /** The organization in which the token acts. Null means the platform, or none chosen yet. */
  readonly place: string | null;
  readonly isOfPlatform: boolean;
}

/** Chooses the owner of a token. A new service account is created together with the token. */
export function OwnerFields<Draft extends OwnerDraft>({ form, place, isOfPlatform }: OwnerFieldsProps<Draft>) {
  const session = useSession();
  const accounts = useQuery({
    queryKey: ['token-accounts', place],
    queryFn: () => accountsOf(place),
    enabled: isOfPlatform || place !== null,
  });
  const fields = form as unknown as UseFormReturnType<OwnerDraft>;
  return (
    <>
      <Select
        label={words.belongsTo}
        description={words.belongsToMeans}
        allowDeselect={false}
        data={[
          { value: ME, label: words.you },
          ...(accounts.data ?? []).map(({ id, name }) => ({ value: id, label: words.serviceAccountNamed(name) })),
          { value: NEW, label: words.aNewServiceAccount },
        ]}
        {...fields.getInputProps('owner')}
      />
      {fields.values.owner === NEW && (
        <>
          <TextInput
            label={words.serviceAccount}
            description={words.machineMeans}
            maxLength={200}
            {...fields.getInputProps('account_name')}
          />
          <ObjectSelect
            kind="account"
            firstName={session.account.name}
            label={words.responsiblePerson}
            value={fields.values.responsible}
            onChange={(id) => fields.setFieldValue('responsible', id)}
            organizationId={place ?? undefined}
          />
        </>
      )}
    </>
  );
}

async function accountsOf(organizationId: string | null) {
  const page = { limit: 200, sort: 'name' as const };
  if (organizationId === null) return (await asked(api.GET('/service-accounts/platform', { params: { query: page } }))).data;
  const path = { id: organizationId };
  return (await asked(api.GET('/organizations/{id}/service-accounts', { params: { path, query: page } }))).data;
}

/**
 * Returns the id of the service account that a draft names. Creates a new one only once, however often the form is sent. Null if
 * the owner is the person.
 */
export function useServiceAccount(): (draft: OwnerDraft, place: string | null) => Promise<string | null> {
  const made = useRef<{ readonly place: string | null; readonly id: string } | null>(null);
  return async ({ owner, account_name, responsible }, place) => {
    if (owner === ME) return null;
    if (owner !== NEW) return owner;
    const body = { name: account_name.trim(), ...(responsible !== undefined && { responsible_account_id: responsible }) };
    if (made.current?.place !== place) made.current = { place, id: await newServiceAccount(place, body) };
    return made.current.id;
  };
}

async function newServiceAccount(
  place: string | null,
  body: { readonly name: string; readonly responsible_account_id?: string },
) {
  if (place === null) return (await asked(api.POST('/service-accounts', { body }))).id;
  return (await asked(api.POST('/organizations/{id}/service-accounts', { params: { path: { id: place } }, body }))).id;
}
