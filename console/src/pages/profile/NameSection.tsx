import { Button, Group, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { fieldErrorsOf } from '../../api/field-errors.ts';
import { useSession } from '../../api/session.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUnsavedGuard } from '../../components/dialogs/useUnsavedGuard.ts';
import { Section } from './Section.tsx';
import { words } from './words.ts';

/** Edits the name that others see. The e-mail address cannot be changed, because invitations and sign-in depend on it. */
export function NameSection() {
  const { account } = useSession();
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: { name: account.name } });
  useUnsavedGuard(form.isDirty());
  const change = useMutation({
    mutationFn: ({ name }: { name: string }) => asked(api.PATCH('/session/account', { body: { name: name.trim() } })),
    onSuccess: async ({ name }) => {
      form.setInitialValues({ name });
      form.setValues({ name });
      form.resetDirty({ name });
      await queryClient.invalidateQueries({ queryKey: ['session'] });
      saved(words.yourNameWasChanged);
    },
    onError: (error) => form.setErrors({ name: error.message, ...fieldErrorsOf(error) }),
  });
  return (
    <Section title={words.name} about={words.nameMeans}>
      <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <Group align="flex-start" gap="xs">
          <TextInput
            flex={1}
            aria-label={words.name}
            autoComplete="name"
            required
            maxLength={200}
            {...form.getInputProps('name')}
          />
          <Button type="submit" variant="default" loading={change.isPending} disabled={!form.isDirty()}>
            {words.save}
          </Button>
        </Group>
      </form>
    </Section>
  );
}
