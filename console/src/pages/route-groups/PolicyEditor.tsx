import { Alert, Badge, Group, Paper, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { verdictOf } from '../../api/session.tsx';
import { ConflictDialog } from '../../components/dialogs/ConflictDialog.tsx';
import { useUnsavedGuard } from '../../components/dialogs/useUnsavedGuard.ts';
import { PolicyFields } from './PolicyFields.tsx';
import { PolicyPublishing } from './PolicyPublishing.tsx';
import type { RouteGroup } from './policy.ts';
import { asJson, usePolicyDraft } from './usePolicyDraft.ts';
import { words } from './words.ts';

/** Edits the policy of a route group in fields or as JSON, simulates it, and publishes it. */
export function PolicyEditor({ group }: { group: RouteGroup }) {
  const draft = usePolicyDraft(group);
  const { typed, isChanged, isBehind, edited } = draft;
  useUnsavedGuard(isChanged);
  const mayManage = verdictOf('catalogue.manage', group);
  return (
    <Stack gap="xs" component="section" aria-label={words.policy}>
      <Group justify="space-between">
        <Group gap="xs">
          <Title order={2}>{words.policy}</Title>
          {isChanged && <Badge color="blue">{words.notPublished}</Badge>}
        </Group>
        <SegmentedControl
          size="xs"
          aria-label={words.howPolicyIsEdited}
          data={[
            { value: 'guided', label: words.guided },
            { value: 'json', label: words.json, disabled: typed.is === 'guided' && draft.problem !== null },
          ]}
          value={typed.is}
          onChange={(value) => {
            if (draft.policy === null) return;
            draft.setTyped(value === 'json' ? asJson(draft.policy) : { is: 'guided', policy: draft.policy });
          }}
        />
      </Group>
      {isBehind && (
        <Alert color="orange" p="xs">
          <Text fz="sm">{words.someoneElsePublished}</Text>
        </Alert>
      )}
      <Paper withBorder p="sm">
        <Stack gap="sm">
          <PolicyFields of={group} draft={draft} disabled={!mayManage.allowed} />
          <PolicyPublishing group={group} draft={draft} />
        </Stack>
      </Paper>
      {edited.question !== null && <ConflictDialog opened what={words.thisPolicy} {...edited.question} />}
    </Stack>
  );
}
