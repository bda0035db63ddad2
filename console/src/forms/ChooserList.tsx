import { Badge, Box, Checkbox, CloseButton, Group, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Busy } from '../components/Skeletons.tsx';
import { words } from './words.ts';

export interface ChooserRow {
  readonly id: string;
  readonly label: string;
  readonly badge?: string;
  readonly detail?: ReactNode;
  /** The reason why it cannot be chosen, shown below it. */
  readonly disabledBecause?: ReactNode;
  readonly warning?: string | null;
}

interface ChooserListProps {
  readonly label: string;
  readonly rows: readonly ChooserRow[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly loading: boolean;
  readonly disabled: boolean;
  readonly errorOf: (id: string) => string | undefined;
  /** Shown below the list, for example that it is incomplete. */
  readonly note?: ReactNode;
  readonly empty: string;
}

/** Shows a searchable list with checkboxes. Chosen entries appear above it, even if the search hides them. */
export function ChooserList(props: ChooserListProps) {
  const { label, rows, chosen, onChange, search, onSearch, disabled } = props;
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <Stack gap={6} role="group" aria-label={label} miw={0}>
      <Group justify="space-between" gap="xs">
        <Text fz="sm" fw={500}>
          {label}
        </Text>
        <Text fz="xs" c="dimmed" aria-live="polite">
          {words.countSelected(chosen.length)}
        </Text>
      </Group>
      <TextInput
        size="xs"
        type="search"
        aria-label={words.searchIn(label.toLowerCase())}
        placeholder={words.search}
        maxLength={200}
        leftSection={props.loading ? <Busy label={words.loading} size={12} /> : <IconSearch size={14} />}
        value={search}
        onChange={(event) => onSearch(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
      />
      <Chosen chosen={chosen} toggle={toggle} disabled={disabled} errorOf={props.errorOf} />
      <ScrollArea.Autosize mah={260} type="auto" viewportProps={{ tabIndex: -1 }}>
        <Stack gap={0}>
          {rows.map((row) => (
            <Row key={row.id} row={row} checked={chosen.includes(row.id)} onToggle={() => toggle(row.id)} disabled={disabled} />
          ))}
          {rows.length === 0 && !props.loading && (
            <Text fz="sm" c="dimmed" py="xs">
              {search === '' ? props.empty : words.noResults}
            </Text>
          )}
        </Stack>
      </ScrollArea.Autosize>
      {props.note}
    </Stack>
  );
}

function Chosen({
  chosen,
  toggle,
  disabled,
  errorOf,
}: Pick<ChooserListProps, 'chosen' | 'disabled' | 'errorOf'> & { toggle: (id: string) => void }) {
  if (chosen.length === 0) return null;
  const errors = chosen.flatMap((id) => errorOf(id) ?? []);
  return (
    <>
      <Group gap={4}>
        {chosen.map((id) => (
          <Badge
            key={id}
            color={errorOf(id) === undefined ? 'green' : 'red'}
            ff="monospace"
            fw={500}
            rightSection={
              disabled ? null : (
                <CloseButton size={16} iconSize={12} aria-label={words.removeRow(id)} onClick={() => toggle(id)} />
              )
            }
          >
            {id}
          </Badge>
        ))}
      </Group>
      {errors.map((error) => (
        <Text key={error} fz="xs" c="red" role="alert">
          {error}
        </Text>
      ))}
    </>
  );
}

interface RowProps {
  readonly row: ChooserRow;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onToggle: () => void;
}

function Row({ row, checked, disabled, onToggle }: RowProps) {
  // An entry that was chosen before it became unavailable can still be removed.
  const outside = row.disabledBecause !== undefined;
  return (
    <Box py={4} style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
      <Checkbox
        size="xs"
        checked={checked}
        disabled={disabled || (outside && !checked)}
        onChange={onToggle}
        label={
          <Group component="span" gap={6} display="inline-flex" style={{ overflowWrap: 'anywhere' }}>
            <span className="mono">{row.label}</span>
            {row.badge !== undefined && (
              <Text component="span" fz="xs" c="dimmed">
                {row.badge}
              </Text>
            )}
          </Group>
        }
        description={row.detail}
      />
      {outside && (
        <Text fz="xs" c="dimmed" pl={26} component="div">
          {row.disabledBecause}
        </Text>
      )}
      {row.warning != null && (
        <Text fz="xs" pl={26} style={{ color: 'light-dark(#9a3c06, #ffb570)' }}>
          {row.warning}
        </Text>
      )}
    </Box>
  );
}
