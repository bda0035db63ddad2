import { Alert, Badge, Group, Paper, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { verdictOf } from '../../api/session.tsx';
import { ConflictDialog } from '../../components/dialogs/ConflictDialog.tsx';
import { useUnsavedGuard } from '../../components/dialogs/useUnsavedGuard.ts';
import { PolicyFields } from './PolicyFields.tsx';
import { PolicyPublishing } from './PolicyPublishing.tsx';
import type { RouteGroup } from './policy.ts';
import { asJson, usePolicyDraft } from './usePolicyDraft.ts';

/** Edits the policy of a route group in fields or as JSON, simulates it, and publishes it. */
export function PolicyEditor({ group }: { group: RouteGroup }) {
  const draft = usePolicyDraft(group);
  const { typed, isChanged, isBehind, edited } = draft;
  useUnsavedGuard(isChanged);
  const mayManage = verdictOf('catalogue.manage', group);
  return (
    <Stack gap="xs" component="section" aria-label="Policy">
      <Group justify="space-between">
        <Group gap="xs">
          <Title order={2}>Policy</Title>
          {isChanged && <Badge color="blue">Not published</Badge>}
        </Group>
        <SegmentedControl
          size="xs"
          aria-label="How the policy is edited"
          data={[
            { value: 'guided', label: 'Guided' },
            { value: 'json', label: 'JSON', disabled: typed.is === 'guided' && draft.problem !== null },
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
          <Text fz="sm">
            Someone else published another policy in the meantime, and it is in force now. Your changes are still here. Publish
            them to compare both, or discard them.
          </Text>
        </Alert>
      )}
      <Paper withBorder p="sm">
        <Stack gap="sm">
          <PolicyFields draft={draft} disabled={!mayManage.allowed} />
          <PolicyPublishing group={group} draft={draft} />
        </Stack>
      </Paper>
      {edited.question !== null && <ConflictDialog opened what="This policy" {...edited.question} />}
    </Stack>
  );
}
