import { TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import { NewPasswordField } from '../../components/dialogs/NewPasswordField.tsx';
import { words } from './words.ts';

interface NewAccountFieldsProps<T> {
  readonly form: UseFormReturnType<T>;
  /** The address: a field, or the invitation's. */
  readonly children?: ReactNode;
}

/** The fields of a new account: the person's name and a password. */
export function NewAccountFields<T extends { name: string; password: string }>({ form, children }: NewAccountFieldsProps<T>) {
  return (
    <>
      <TextInput
        label={words.yourName}
        autoFocus
        required
        withAsterisk={false}
        maxLength={200}
        autoComplete="name"
        key={form.key('name')}
        {...form.getInputProps('name')}
      />
      {children}
      <NewPasswordField key={form.key('password')} {...form.getInputProps('password')} />
    </>
  );
}
