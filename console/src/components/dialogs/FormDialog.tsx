import { Box, Button, Group, Modal, Stack } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { ProblemNote } from '../Asked.tsx';
import { mayClose } from './useUnsavedGuard.ts';

interface Dialog {
  /** Closes, after asking when something is unsaved. */
  cancel(): void;
  /** Closes: what was there is saved. */
  done(): void;
  setUnsaved(isUnsaved: boolean): void;
}

const DialogContext = createContext<Dialog | null>(null);

interface FormDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly size?: string | number;
  /** Made anew each time the dialog opens. */
  readonly children: ReactNode;
}

/** A dialog around a form. What was typed is not lost by a click beside it. */
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
  /** The header makes one object of two clicks. */
  readonly save: (values: Values, header: IdempotencyHeader) => Promise<Saved>;
  readonly onSaved?: (saved: Saved) => void;
  /** Names of cached lists to read anew. */
  readonly invalidates: readonly string[];
  readonly verb: string;
  /** Left of the buttons: a test call. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** The form inside a FormDialog: its buttons stay in sight however long it is. Sends once, shows the server's faults at their fields, closes when it is saved. */
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
        // A dialog opened from within another form lies below it for React, and would send that one too.
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

/** Also where the page is not served over TLS, and crypto.randomUUID is missing. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
