import { Button, Code, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Effect } from '../../api/organizations.ts';
import { ProblemNote } from '../Asked.tsx';
import { EffectPreview } from './EffectPreview.tsx';
import { words } from './words.ts';

interface ConfirmByNameProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** The name that the person must type. Null if one click is enough because the action can be undone. */
  readonly name: string | null;
  /** The consequences of the action, one line each. */
  readonly consequences: readonly ReactNode[];
  readonly verb: string;
  readonly action: () => Promise<unknown>;
  /** Returns the effect of the action without doing it. It is shown, and nobody confirms before it is. */
  readonly effect?: () => Promise<Effect>;
  /** False while the consequences are loading: nobody confirms what they have not seen. */
  readonly isKnown?: boolean;
  readonly children?: ReactNode;
}

/** Asks before a destructive action. Lists the consequences, and requires the person to type the name if there is one. */
export function ConfirmByName(props: ConfirmByNameProps) {
  const { opened, onClose, title, name, consequences, verb, action, isKnown = true } = props;
  const [typed, setTyped] = useState('');
  const effect = useQuery({
    queryKey: ['effect', title, verb],
    queryFn: props.effect ?? (() => Promise.reject(new Error('this action has no effect to show'))),
    enabled: opened && props.effect !== undefined,
    gcTime: 0,
    retry: false,
  });
  const isSeen = props.effect === undefined || effect.isSuccess;
  const close = () => {
    setTyped('');
    doing.reset();
    onClose();
  };
  const mayConfirm = isKnown && isSeen && (name === null || typed === name);
  const doing = useMutation({ mutationFn: action, onSuccess: () => close() });
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (mayConfirm) doing.mutate();
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
              labelProps={{ mb: 4 }}
              label={
                <Text component="span" inherit>
                  {words.typeBeforeName} <Code fz="inherit">{name}</Code> {words.toConfirmAfterName}
                </Text>
              }
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
            />
          )}
          {doing.isError && <ProblemNote error={doing.error} />}
          {props.effect !== undefined && <EffectPreview query={effect} title={words.effect} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              {words.cancel}
            </Button>
            <Button type="submit" color="red" loading={doing.isPending} disabled={!mayConfirm}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
