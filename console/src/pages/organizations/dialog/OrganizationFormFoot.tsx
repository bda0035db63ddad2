import { Box, Button, Group, Stack, Text } from '@mantine/core';
import { isAllAtFields } from '../../../api/field-errors.ts';
import { ProblemNote } from '../../../components/Asked.tsx';
import { EffectPreview, takesAway, useEffectOf } from '../../../components/dialogs/EffectPreview.tsx';
import { changesOf, SECTION_LABELS } from './organization-draft.ts';
import type { OrganizationFormState, ReadVersion } from './useOrganizationForm.ts';

interface OrganizationFormFootProps {
  readonly read: ReadVersion | null;
  readonly state: OrganizationFormState;
  readonly onCancel: () => void;
}

/** The sections whose change can take something from somebody. The others have no effect to show. */
const WITH_EFFECT = ['budgets', 'rate_limits', 'model_limits', 'asset_access'] as const;

/** A footer that stays visible below the fields: the effect of saving, what prevents it, and the buttons. */
export function OrganizationFormFoot({ read, state, onCancel }: OrganizationFormFootProps) {
  const { form, base, changed, saving } = state;
  const hasEffect = read !== null && changed.some((section) => WITH_EFFECT.some((one) => one === section));
  const effect = useEffectOf(`/organizations/${read?.data.id ?? ''}`, hasEffect ? changesOf(base, form.values) : null);
  const verb = hasEffect && takesAway(effect.data) ? 'Save and apply' : 'Save';
  return (
    <Box
      pos="sticky"
      bottom={0}
      py="sm"
      bg="var(--mantine-color-body)"
      style={{ borderTop: '1px solid var(--mantine-color-default-border)', zIndex: 2 }}
    >
      <Stack gap="xs">
        {hasEffect && <EffectPreview query={effect} />}
        {saving.isError && !isAllAtFields(saving.error, (path) => path in form.errors) && <ProblemNote error={saving.error} />}
        <FaultCount count={Object.keys(form.errors).length} />
        <Group justify="space-between" gap="xs">
          <Text fz="sm" c="dimmed" aria-live="polite">
            {read !== null && changed.length > 0 && `Changed: ${changed.map((one) => SECTION_LABELS[one]).join(', ')}`}
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={read !== null && changed.length === 0}>
              {read === null ? 'Create organization' : verb}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Box>
  );
}

function FaultCount({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <Text fz="sm" role="alert" c="var(--mantine-color-red-text)">
      {count === 1 ? 'One field has an error.' : `${count} fields have errors.`}
    </Text>
  );
}
