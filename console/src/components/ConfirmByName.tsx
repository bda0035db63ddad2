import { Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { ProblemNote } from './Asked.tsx';

interface ConfirmByNameProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What has to be typed; null where one click is enough because it can be undone. */
  readonly name: string | null;
  /** What goes with it, one line each. */
  readonly consequences: readonly ReactNode[];
  readonly verb: string;
  readonly action: () => Promise<unknown>;
  readonly children?: ReactNode;
}

/** Asks before something is destroyed: says what goes with it, and wants the name typed. */
export function ConfirmByName(props: ConfirmByNameProps) {
  const { opened, onClose, title, name, consequences, verb, action } = props;
  const [typed, setTyped] = useState('');
  const close = () => {
    setTyped('');
    doing.reset();
    onClose();
  };
  const doing = useMutation({ mutationFn: action, onSuccess: () => close() });
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name === null || typed === name) doing.mutate();
        }}
      >
        <Stack gap="sm">
          {consequences.length > 0 && (
            <List fz="sm" spacing={4}>
              {consequences.map((line, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the lines are fixed while the dialog is open.
                <List.Item key={index}>{line}</List.Item>
              ))}
            </List>
          )}
          {props.children}
          {name !== null && (
            <TextInput
              data-autofocus
              label={
                <Text component="span" inherit>
                  Type <b>{name}</b> to confirm
                </Text>
              }
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
            />
          )}
          {doing.isError && <ProblemNote error={doing.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" color="red" loading={doing.isPending} disabled={name !== null && typed !== name}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
