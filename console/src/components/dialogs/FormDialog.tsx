import { Box, Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { ProblemNote } from '../Asked.tsx';
import { SectionList, useOpenedAt } from './FormSections.tsx';
import { useFaults } from './useFaults.ts';
import { mayLose, useUnsavedGuard } from './useUnsavedGuard.ts';
import { words } from './words.ts';

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

/** A dialog around a form. Neither a click beside it nor leaving the page discards what was typed without a question. */
export function FormDialog({ opened, onClose, title, size = 'lg', children }: FormDialogProps) {
  const isUnsaved = useRef(false);
  const setUnsaved = useCallback((value: boolean) => {
    isUnsaved.current = value;
  }, []);
  useUnsavedGuard(() => opened && isUnsaved.current);
  const done = () => {
    isUnsaved.current = false;
    onClose();
  };
  const cancel = async () => {
    if (!isUnsaved.current || (await mayLose())) done();
  };
  return (
    <Modal
      opened={opened}
      onClose={() => void cancel()}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <DialogContext value={{ cancel: () => void cancel(), done, setUnsaved }}>{children}</DialogContext>
    </Modal>
  );
}

export type IdempotencyHeader = { readonly 'idempotency-key': string };

export interface DialogFormProps<Values extends object, Saved> {
  readonly form: UseFormReturnType<Values>;
  /** Saves the values. The header makes sure that two clicks create one object. */
  readonly save: (values: Values, header: IdempotencyHeader) => Promise<Saved>;
  readonly onSaved?: ((saved: Saved) => void) | undefined;
  /** Names of cached lists to reload after saving. */
  readonly invalidates: readonly string[];
  readonly verb: string;
  /** True if something would be lost by closing. Defaults to what the form says. */
  readonly isUnsaved?: boolean;
  /** False while there is nothing to save. */
  readonly maySave?: boolean;
  /** Content to the left of the buttons, such as a test call. */
  readonly aside?: ReactNode;
  /** Content above the buttons, in view however long the form is, such as the effect of saving. */
  readonly beforeSaving?: ReactNode;
  /** The titles of the form's sections, for a list of them beside the form on wide screens. */
  readonly sections?: readonly string[] | undefined;
  /** The title of the section at which the dialog opens. */
  readonly openedAt?: string | undefined;
  readonly children: ReactNode;
}

/**
 * The form inside a FormDialog, with buttons that stay visible however long it is. Sends once and closes after saving. Shows what
 * is wrong at its fields, moves the focus to the first of them, and removes each message when its field is mended.
 */
export function DialogForm<Values extends object, Saved>(props: DialogFormProps<Values, Saved>) {
  const { form, onSaved, sections = [], children } = props;
  const dialog = useContext(DialogContext);
  const queryClient = useQueryClient();
  const element = useRef<HTMLFormElement>(null);
  const faults = useFaults(form, element);
  const [key] = useState(newIdempotencyKey);
  useOpenedAt(element, props.openedAt);
  useUnsaved(props.isUnsaved ?? form.isDirty());
  const saving = useMutation({
    mutationFn: (values: Values) => props.save(values, { 'idempotency-key': key }),
    onSuccess: async (saved) => {
      dialog?.done();
      onSaved?.(saved);
      await Promise.all(props.invalidates.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    },
    onError: (problem) => faults.found(fieldErrorsOf(problem)),
  });
  // The server's answer is about the values that were sent. Any change discards it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the values are the trigger.
  useEffect(() => {
    if (saving.isError) saving.reset();
  }, [form.values]);
  const submit = form.onSubmit((values) => {
    if (!saving.isPending) saving.mutate(values);
  }, faults.found);
  return (
    <form
      ref={element}
      noValidate
      onSubmit={(event) => {
        // For React, a dialog opened from another form is inside that form, and would submit it too.
        event.stopPropagation();
        submit(event);
      }}
    >
      <Group align="flex-start" gap="lg" wrap="nowrap">
        {sections.length > 0 && <SectionList of={element} titles={sections} />}
        <Stack gap={sections.length > 0 ? 'xl' : 'sm'} flex={1} miw={0}>
          {children}
        </Stack>
      </Group>
      <Foot {...props} dialog={dialog} problem={saving.error} isSaving={saving.isPending} />
    </form>
  );
}

function useUnsaved(isUnsaved: boolean): void {
  const setUnsaved = useContext(DialogContext)?.setUnsaved;
  useEffect(() => {
    setUnsaved?.(isUnsaved);
    return () => setUnsaved?.(false);
  }, [setUnsaved, isUnsaved]);
}

type FootProps<Values extends object> = Pick<
  DialogFormProps<Values, never>,
  'form' | 'verb' | 'maySave' | 'aside' | 'beforeSaving'
> & {
  readonly dialog: Dialog | null;
  readonly problem: Error | null;
  readonly isSaving: boolean;
};

/** The end of a form, always in view: what saving does, what prevents it, and the buttons. */
function Foot<Values extends object>({ form, problem, dialog, maySave = true, ...props }: FootProps<Values>) {
  const isShown = (path: string) => Object.hasOwn(form.values, path.split('.')[0] ?? '');
  return (
    <Box pos="sticky" bottom={0} mt="sm" py="sm" bg="var(--mantine-color-body)" style={FOOT_STYLE}>
      <Stack gap="xs">
        {props.beforeSaving}
        {problem !== null && !isAllAtFields(problem, isShown) && <ProblemNote error={problem} />}
        <FaultCount count={Object.keys(form.errors).length} />
        <Group justify="space-between" gap="xs">
          <Group gap="xs">{props.aside}</Group>
          <Group gap="xs">
            <Button variant="default" onClick={() => dialog?.cancel()}>
              {words.cancel}
            </Button>
            <Button type="submit" loading={props.isSaving} disabled={!maySave}>
              {props.verb}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Box>
  );
}

const FOOT_STYLE = { borderTop: '1px solid var(--mantine-color-default-border)', zIndex: 2 };

function FaultCount({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Text fz="sm" role="alert" c="var(--mantine-color-red-text)">
      {count === 1 ? words.oneFieldHasAnError : words.fieldsHaveErrors(count)}
    </Text>
  );
}

/** Returns 16 random bytes in hex. Without TLS crypto.randomUUID is missing, so this does not use it. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
