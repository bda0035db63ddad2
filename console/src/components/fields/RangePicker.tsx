import { Group, Select, Text, TextInput } from '@mantine/core';
import { type UrlState, useUrlState } from './useUrlState.ts';
import { words } from './words.ts';

/** Ranges that end now, in minutes. */
const SPANS = {
  '1h': { label: words.lastHour, minutes: 60 },
  '24h': { label: words.last24Hours, minutes: 1_440 },
  '7d': { label: words.last7Days, minutes: 10_080 },
  '30d': { label: words.last30Days, minutes: 43_200 },
  '90d': { label: words.last90Days, minutes: 129_600 },
} as const;
export type Span = keyof typeof SPANS;
/** Ranges that the server knows as a month, with its name for them. */
const MONTHS = {
  this_month: { label: words.thisMonth, month: 'current' },
  last_month: { label: words.lastMonth, month: 'last' },
} as const;
const CUSTOM = 'custom';

export interface Range {
  /** RFC 3339. Absent: from the beginning of what is kept. */
  readonly from?: string;
  /** Absent: now. */
  readonly to?: string;
  /** The length in minutes. Null if the range has no beginning. */
  readonly minutes: number | null;
}

/**
 * Reads the range from the address: `range`, or `from` and `to`. A relative range begins at a whole minute, and one of several
 * days at the start of its first day (today is the last). So the same range gives the same query, and a chart has no partial
 * first day.
 */
export function rangeOf(state: UrlState, standard: Span | null, nowMs: number = Date.now()): Range {
  const { from, to } = state;
  if (isInstant(from) || isInstant(to)) {
    const minutes = isInstant(from) ? ((isInstant(to) ? Date.parse(to) : nowMs) - Date.parse(from)) / 60_000 : null;
    return { ...(isInstant(from) ? { from } : {}), ...(isInstant(to) ? { to } : {}), minutes };
  }
  const span = state.range !== undefined && state.range in SPANS ? (state.range as Span) : standard;
  if (span === null) return { minutes: null };
  const { minutes } = SPANS[span];
  const fromMs = minutes > DAY_MINUTES ? dayBefore(nowMs, minutes / DAY_MINUTES - 1) : nowMs - minutes * 60_000;
  return { from: new Date(Math.floor(fromMs / 60_000) * 60_000).toISOString(), minutes };
}

const DAY_MINUTES = 1_440;

/** Returns the start of the day, in the reader's zone, that is `days` days before today. In milliseconds. */
function dayBefore(nowMs: number, days: number): number {
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  return day.setDate(day.getDate() - days);
}

/** Returns the reader's time zone. Ranges begin on its days, and so do the intervals of a report over them. */
export function viewersZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return timeZone === undefined || timeZone === 'Etc/Unknown' ? 'UTC' : timeZone;
}

/** Returns the server's name of the month that the address names; undefined if it names another range. */
export function monthOf({ range, from, to }: UrlState): 'current' | 'last' | undefined {
  if (range === undefined || !(range in MONTHS) || isInstant(from) || isInstant(to)) return undefined;
  return MONTHS[range as keyof typeof MONTHS].month;
}

interface RangePickerProps {
  /** The range if the address names none. Null: any time. */
  readonly standard: Span | null;
  /** True to offer whole months, for pages that pass `monthOf` to the server. */
  readonly months?: boolean;
}

/** Chooses the range of a page. */
export function RangePicker({ standard, months = false }: RangePickerProps) {
  const [state, set] = useUrlState();
  const isCustom = state.range === CUSTOM || state.from !== undefined || state.to !== undefined;
  const choose = (value: string | null) => {
    const spot = { cursor: undefined, from: undefined, to: undefined };
    if (value === CUSTOM) set({ ...spot, range: CUSTOM, from: rangeOf(state, standard ?? '24h').from });
    else set({ ...spot, range: value === (standard ?? 'any') ? undefined : (value ?? undefined) });
  };
  return (
    <Group gap="xs">
      <Select
        aria-label={words.timeRange}
        w={148}
        allowDeselect={false}
        value={isCustom ? CUSTOM : (state.range ?? standard ?? 'any')}
        onChange={choose}
        data={[
          ...(standard === null ? [{ value: 'any', label: words.anyTime }] : []),
          ...Object.entries({ ...SPANS, ...(months ? MONTHS : {}) }).map(([value, { label }]) => ({ value, label })),
          { value: CUSTOM, label: words.fromTo },
        ]}
      />
      {isCustom && (
        <>
          <Instant label={words.from} value={state.from} onChange={(from) => set({ from, range: CUSTOM, cursor: undefined })} />
          <Instant label={words.to} value={state.to} onChange={(to) => set({ to, range: CUSTOM, cursor: undefined })} />
        </>
      )}
    </Group>
  );
}

interface InstantProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** A date and time in the reader's zone, stored as an instant. */
function Instant({ label, value, onChange }: InstantProps) {
  return (
    <TextInput
      type="datetime-local"
      aria-label={label}
      title={words.inZone(label, viewersZone())}
      leftSection={
        <Text fz="xs" c="dimmed" aria-hidden>
          {label}
        </Text>
      }
      leftSectionWidth={48}
      w={256}
      value={isInstant(value) ? localText(value) : ''}
      onChange={({ currentTarget }) => {
        const date = new Date(currentTarget.value);
        onChange(Number.isNaN(date.getTime()) ? undefined : date.toISOString());
      }}
    />
  );
}

function localText(instant: string): string {
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function isInstant(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}
