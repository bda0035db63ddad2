import { Badge, Button, CloseButton, Group, Popover, Select, Stack, TextInput } from '@mantine/core';
import { IconFilter } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { usePlacedName } from '../../api/names.ts';
import { type ObjectKind, ObjectSelect } from '../fields/ObjectSelect.tsx';
import { useFollowing } from '../fields/useFollowing.ts';
import { useUrlState } from '../fields/useUrlState.ts';
import { wordOf } from '../StatusBadge.tsx';
import { words } from './words.ts';

/** One filter: its parameter in the address, its label, and the way to choose a value. */
export interface Filter {
  readonly param: string;
  readonly label: string;
  readonly kind: ObjectKind | 'text' | OneOf;
}

interface OneOf {
  readonly oneOf: readonly string[];
  /** Returns the word for a value. Absent: the value itself as words. */
  readonly word?: (value: string) => string;
}

/** Returns an active value as the person chose it. An id stays one, and is shown by its name. */
function shownValue({ kind }: Filter, value: string): string {
  return typeof kind === 'object' ? (kind.word?.(value) ?? value) : value;
}

function wordIn({ word }: OneOf, value: string): string {
  return word?.(value) ?? (value.includes('.') ? value : wordOf(value));
}

/** Every filter of a page in one menu, and the active ones beside it, each with a button that removes it. */
export function FilterBar({ filters, children }: { filters: readonly Filter[]; children?: ReactNode }) {
  const [state, set] = useUrlState();
  const active = filters.filter(({ param }) => state[param] !== undefined);
  const change = (param: string, value: string | undefined) => set({ [param]: value, cursor: undefined });
  return (
    <Group gap="xs">
      {children}
      <Popover position="bottom-start" width={320} trapFocus returnFocus shadow="md">
        <Popover.Target>
          <Button variant="default" leftSection={<IconFilter size={16} />}>
            {words.filter(active.length > 0 ? ` (${active.length})` : '')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="xs">
            {organizationFirst(filters).map((filter) => (
              <Control
                key={filter.param}
                filter={filter}
                value={state[filter.param]}
                organizationId={state.organization_id}
                onChange={(value) => change(filter.param, value)}
              />
            ))}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      {active.map((filter) => (
        <ActiveFilter
          key={filter.param}
          label={filter.label}
          value={shownValue(filter, state[filter.param] ?? '')}
          onClear={() => change(filter.param, undefined)}
        />
      ))}
    </Group>
  );
}

/** Returns the filters with the organization first: it narrows what the others offer. */
function organizationFirst(filters: readonly Filter[]): readonly Filter[] {
  return [...filters].sort((a, b) => Number(b.kind === 'organization') - Number(a.kind === 'organization'));
}

interface ControlProps {
  readonly filter: Filter;
  readonly value: string | undefined;
  readonly organizationId: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

function Control({ filter: { kind, label, param }, value, organizationId, onChange }: ControlProps) {
  if (typeof kind === 'object') {
    const data = kind.oneOf.map((one) => ({ value: one, label: wordIn(kind, one) }));
    return (
      <Select
        label={label}
        clearable
        searchable={data.length > 8}
        // Outside of the menu, a click on an option would close the menu before it counts.
        comboboxProps={{ withinPortal: false }}
        data={data}
        value={value ?? null}
        onChange={(chosen) => onChange(chosen ?? undefined)}
      />
    );
  }
  if (kind === 'text') return <TextControl label={label} value={value ?? ''} onChange={onChange} />;
  const within = param === 'organization_id' ? undefined : organizationId;
  if (kind === 'member' && within === undefined)
    return <TextInput label={label} disabled placeholder={words.chooseAnOrganizationFirst} />;
  return <ObjectSelect inPopover kind={kind} label={label} value={value} onChange={onChange} organizationId={within} />;
}

/** Applies the text when the person leaves the field or presses Enter. */
function TextControl({ label, value, onChange }: Pick<ControlProps, 'onChange'> & { label: string; value: string }) {
  const [text, setText] = useFollowing(value);
  const apply = () => onChange(text.trim() || undefined);
  return (
    <TextInput
      label={label}
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === 'Enter' && apply()}
    />
  );
}

interface ActiveFilterProps {
  readonly label: string;
  /** The value in the address. The name of an object is shown instead of its id. Absent: the label says all. */
  readonly value?: string;
  readonly onClear: () => void;
}

/** The width of most names with their label, in pixels. An id is wider, and would push what stands beside it to the next line. */
const NAME_WIDTH = 200;

/** An active filter, with a button that removes it. */
export function ActiveFilter({ label, value, onClear }: ActiveFilterProps) {
  const name = usePlacedName(value);
  return (
    <Badge
      size="lg"
      variant="default"
      fw={500}
      {...(name === undefined && { w: NAME_WIDTH })}
      rightSection={<CloseButton size="xs" aria-label={words.removeFilter(label)} onClick={onClear} />}
    >
      {label}
      {value !== undefined && (
        <>
          : <bdi>{name === undefined ? '…' : (name ?? value)}</bdi>
        </>
      )}
    </Badge>
  );
}
