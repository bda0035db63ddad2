import { ActionIcon, Group, Paper, SimpleGrid, Stack, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type Bound, errorAt } from './bind.ts';
import { ListFoot } from './ListFoot.tsx';
import { type ModelLimitDraft, newModelLimit } from './limit-draft.ts';
import { MatchFields } from './MatchFields.tsx';
import { RateLimitFields } from './RateLimitFields.tsx';
import { words } from './words.ts';

interface ModelLimitFieldsProps extends Bound<readonly ModelLimitDraft[]> {
  readonly timeZone: string;
  /** The organization whose names are suggested; the whole catalogue if absent. */
  readonly organizationId?: string;
}

const MODEL_LIMITS_MAX = 100;
const KINDS = ['target', 'access_group'] as const;

/** Edits rate limits for one model, a prefix of names, or an access group, in addition to those of the whole scope. */
export function ModelLimitFields({ value, onChange, errors, at, disabled, timeZone, organizationId }: ModelLimitFieldsProps) {
  const set = (row: string, change: Partial<ModelLimitDraft>) =>
    onChange(value.map((one) => (one.row === row ? { ...one, ...change } : one)));
  return (
    <Stack gap="sm" data-at={at}>
      {value.map((limit, index) => (
        <Paper key={limit.row} withBorder p="sm" role="group" aria-label={words.limitNumber(index + 1, limit.name)}>
          <Stack gap="sm">
            <Group align="flex-start" wrap="nowrap">
              <SimpleGrid cols={{ base: 1, xs: 2 }} flex={1}>
                <MatchFields
                  kinds={KINDS}
                  kind={limit.kind}
                  name={limit.name}
                  onChange={(change) => set(limit.row, change)}
                  error={errorAt(errors, `${at}.${index}.${limit.kind}`) ?? errorAt(errors, `${at}.${index}`)}
                  disabled={disabled ?? false}
                  {...(organizationId === undefined ? {} : { organizationId })}
                />
              </SimpleGrid>
              <Tooltip label={words.removeLimit}>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  mt={24}
                  disabled={disabled ?? false}
                  aria-label={words.removeLimitNumber(index + 1, limit.name)}
                  onClick={() => onChange(value.filter((one) => one.row !== limit.row))}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              </Tooltip>
            </Group>
            <RateLimitFields
              at={`${at}.${index}.rate_limits`}
              value={limit.rate_limits}
              onChange={(rate_limits) => set(limit.row, { rate_limits })}
              timeZone={timeZone}
              disabled={disabled ?? false}
              {...(errors === undefined ? {} : { errors })}
            />
          </Stack>
        </Paper>
      ))}
      <ListFoot
        error={errorAt(errors, at)}
        label={words.addModelLimit}
        disabled={(disabled ?? false) || value.length >= MODEL_LIMITS_MAX}
        onAdd={() => onChange([...value, newModelLimit()])}
      />
    </Stack>
  );
}
