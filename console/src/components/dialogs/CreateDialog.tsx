import { type UseFormReturnType, useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import type { DialogProps, FormProps } from './EditDialog.tsx';
import { DialogForm, type DialogFormProps, FormDialog } from './FormDialog.tsx';

interface CreateProps<V extends object, Made> extends FormProps<V>, Pick<DialogFormProps<V, Made>, 'save' | 'onSaved' | 'verb'> {
  readonly initial: V;
  readonly children: (form: UseFormReturnType<V>) => ReactNode;
}

/** Creates one object, once however often the person clicks. */
export function CreateDialog<V extends object, M>({ opened, onClose, title, size, ...rest }: DialogProps & CreateProps<V, M>) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={title} {...(size === undefined ? {} : { size })}>
      <CreateForm {...rest} />
    </FormDialog>
  );
}

/** The form of a CreateDialog alone, for dialogs that first ask where the object belongs. */
export function CreateForm<V extends object, Made>({ initial, validate, aside, children, ...rest }: CreateProps<V, Made>) {
  const form = useForm<V>({ initialValues: initial, ...(validate === undefined ? {} : { validate }) });
  return (
    <DialogForm form={form} aside={aside?.(form.values)} {...rest}>
      {children(form)}
    </DialogForm>
  );
}
