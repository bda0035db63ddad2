import { PasswordInput, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import { DialogForm } from '../../components/dialogs/FormDialog.tsx';
import { words } from './words.ts';

interface PasswordFormProps<T> {
  readonly about: ReactNode;
  readonly verb: string;
  readonly invalidates?: readonly string[];
  readonly save: (password: string) => Promise<T>;
  readonly onSaved: (answer: T) => void;
}

/** A form that asks for the password again before a change to how the person signs in. */
export function PasswordForm<T>({ about, verb, invalidates = ['session'], save, onSaved }: PasswordFormProps<T>) {
  const form = useForm({ initialValues: { password: '' } });
  return (
    <DialogForm form={form} verb={verb} invalidates={invalidates} save={({ password }) => save(password)} onSaved={onSaved}>
      <Text fz="sm">{about}</Text>
      <PasswordInput
        label={words.yourPassword}
        data-autofocus
        required
        withAsterisk={false}
        maxLength={128}
        autoComplete="current-password"
        {...form.getInputProps('password')}
      />
    </DialogForm>
  );
}
