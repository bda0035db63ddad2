import { Box, Button, Group, Modal, Stack } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { ProblemNote } from '../Asked.tsx';
import { mayClose } from './useUnsavedGuard.ts';

interface Dialog {
  /** Closes the dialog. Asks first if something is unsaved. */
  cancel(): void;
  /** Closes the dialog without asking: everything is saved. */
  done(): void;
  setUnsaved(isUnsaved: boolean): void;
}

const DialogContext = createContext<Dialog | null>(null);

interface FormDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly size?: string | number;
  /** Mounted again each time the dialog opens. */
  readonly children: ReactNode;
}

/** A dialog around a form. A click beside it does not discard what was typed. */
export function FormDialog({ opened, onClose, title, size = 'lg', children }: FormDialogProps) {
  const isUnsaved = useRef(false);
  const done = () => {
    isUnsaved.current = false;
    onClose();
  };
  const cancel = () => {
    if (mayClose(isUnsaved.current)) done();
  };
  const setUnsaved = (value: boolean) => {
    isUnsaved.current = value;
  };
  return (
    <Modal opened={opened} onClose={cancel} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      <DialogContext value={{ cancel, done, setUnsaved }}>{children}</DialogContext>
    </Modal>
  );
}

export type IdempotencyHeader = { readonly 'idempotency-key': string };

interface DialogFormProps<Values extends object, Saved> {
  readonly form: UseFormReturnType<Values>;
  /** Saves the values. The header makes sure that two clicks create one object. */
  readonly save: (values: Values, header: IdempotencyHeader) => Promise<Saved>;
  readonly onSaved?: (saved: Saved) => void;
  /** Names of cached lists to reload after saving. */
  readonly invalidates: readonly string[];
  readonly verb: string;
  /** Content to the left of the buttons, such as a test call. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/**
 * The form inside a FormDialog, with buttons that stay visible however long it is. Sends once, shows the server's errors at their
 * fields, and closes after saving.
 */
export function DialogForm<Values extends object, Saved>(props: DialogFormProps<Values, Saved>) {
  const { form, save, onSaved, invalidates, verb, aside, children } = props;
  const dialog = useContext(DialogContext);
  const queryClient = useQueryClient();
  const [key] = useState(newIdempotencyKey);
  const isShown = (path: string) => Object.hasOwn(form.values, path.split('.')[0] ?? '');
  const isDirty = form.isDirty();
  useEffect(() => dialog?.setUnsaved(isDirty), [dialog, isDirty]);
  const saving = useMutation({
    mutationFn: (values: Values) => save(values, { 'idempotency-key': key }),
    onSuccess: async (saved) => {
      dialog?.done();
      onSaved?.(saved);
      await Promise.all(invalidates.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    },
    onError: (problem) => form.setErrors(fieldErrorsOf(problem)),
  });
  const submit = form.onSubmit((values) => {
    if (!saving.isPending) saving.mutate(values);
  });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        // For React, a dialog opened from another form is inside that form, and would submit it too.
        event.stopPropagation();
        submit(event);
      }}
    >
      <Stack gap="sm">
        {children}
        {saving.isError && !isAllAtFields(saving.error, isShown) && <ProblemNote error={saving.error} />}
        <Box pos="sticky" bottom={0} py="sm" bg="var(--mantine-color-body)" style={{ zIndex: 2 }}>
          <Group justify="space-between" gap="xs">
            <Group gap="xs">{aside}</Group>
            <Group gap="xs">
              <Button variant="default" onClick={() => dialog?.cancel()}>
                Cancel
              </Button>
              <Button type="submit" loading={saving.isPending}>
                {verb}
              </Button>
            </Group>
          </Group>
        </Box>
      </Stack>
    </form>
  );
}

/** Returns 16 random bytes in hex. Without TLS crypto.randomUUID is missing, so this does not use it. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
