import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { TargetPicker } from '../../components/fields/TargetPicker.tsx';
import { effectOfRelabel, LABELS_SHOW_IN, relabel } from './relabel.ts';
import { words } from './words.ts';

interface LabelledTargetsProps {
  readonly group: {
    readonly key: string;
    readonly members: readonly string[];
    readonly capabilities: readonly string[];
  };
}

/** Lists the targets with an access group's label. Gives the label to another target, and takes it from one. */
export function LabelledTargets({ group }: LabelledTargetsProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const mayManage = verdictOf('catalogue.manage', group);
  const [taking, setTaking] = useState<string | null>(null);
  const labelling = useLabelling(group.key, { onDone: () => setChosen(null) });
  return (
    <Stack gap="xs">
      <Title order={2}>{words.targetsInThisGroup}</Title>
      <Paper withBorder p="sm">
        <Stack gap="sm">
          {group.members.length === 0 && (
            <Text fz="sm" c="dimmed">
              {words.noTargetsYet}
            </Text>
          )}
          <Group gap="xs">
            {group.members.map((name) => (
              <LabelledTarget
                key={name}
                name={name}
                isPending={labelling.isPending}
                onTake={mayManage.allowed ? () => setTaking(name) : undefined}
              />
            ))}
          </Group>
          {mayManage.allowed && (
            <Group gap="xs" align="flex-end">
              <TargetPicker
                label={words.addATarget}
                placeholder={words.modelOrRouteGroup}
                value={chosen}
                onChange={setChosen}
                w={280}
              />
              <Button
                variant="default"
                disabled={chosen === null || group.members.includes(chosen)}
                loading={labelling.isPending}
                onClick={() => chosen !== null && labelling.mutate({ target: chosen, has: true })}
              >
                {words.addTarget}
              </Button>
            </Group>
          )}
          {labelling.isError && (
            <Text fz="sm" c="red" role="alert">
              {labelling.error.message}
            </Text>
          )}
        </Stack>
      </Paper>
      <ConfirmByName
        opened={taking !== null}
        onClose={() => setTaking(null)}
        title={words.removeTarget(taking ?? '', group.key)}
        name={null}
        verb={words.removeFromGroup}
        consequences={[words.whoLosesAccess(taking, group.key)]}
        effect={() => effectOfRelabel(taking ?? '', { taken: [group.key] })}
        action={() => labelling.mutateAsync({ target: taking ?? '', has: false })}
      />
    </Stack>
  );
}

interface LabelledTargetProps {
  readonly name: string;
  readonly isPending: boolean;
  /** Undefined if the person may not take the label from the target. */
  readonly onTake: (() => void) | undefined;
}

function LabelledTarget({ name, isPending, onTake }: LabelledTargetProps) {
  return (
    <Group gap={2} wrap="nowrap">
      <Badge variant="default" size="lg" maw={320} fw={500}>
        {name}
      </Badge>
      {onTake !== undefined && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          aria-label={words.removeTargetNamed(name)}
          disabled={isPending}
          onClick={onTake}
        >
          ×
        </Button>
      )}
    </Group>
  );
}

/** Returns the mutation that gives a target the label or takes it. The notification offers to undo it. */
function useLabelling(groupKey: string, { onDone }: { onDone: () => void }) {
  const queryClient = useQueryClient();
  const change = async ({ target, has }: { target: string; has: boolean }) => {
    await relabel(target, has ? { given: [groupKey] } : { taken: [groupKey] });
    await Promise.all(LABELS_SHOW_IN.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
  };
  return useMutation({
    mutationFn: change,
    onSuccess: (_, { target, has }) => {
      onDone();
      const done = has ? words.canNowCall(groupKey, target) : words.targetWasRemoved(target, groupKey);
      doneWithUndo(done, () => change({ target, has: !has }));
    },
  });
}
