import { Group, Select, TextInput } from '@mantine/core';
import { type ExpiryDraft, expiriesWithin } from './expiry.ts';
import { words } from './words.ts';

interface ExpiryFieldProps {
  readonly value: ExpiryDraft;
  readonly onChange: (value: ExpiryDraft) => void;
  readonly error: string | undefined;
  /** The most days that a team's self-service allows. Null if it sets no maximum. */
  readonly daysMax: number | null;
}

/** Chooses the time at which a key expires. */
export function ExpiryField({ value, onChange, error, daysMax }: ExpiryFieldProps) {
  return (
    <Group align="flex-start" gap="sm" grow data-at="expires_at">
      <Select
        label={words.expires}
        data={[...expiriesWithin(daysMax)]}
        value={value.after}
        allowDeselect={false}
        error={error}
        description={daysMax === null ? undefined : words.daysAtMost(daysMax)}
        onChange={(after) => after !== null && onChange({ ...value, after })}
      />
      {value.after === 'at' && (
        <TextInput
          type="datetime-local"
          label={words.dateAndTime}
          description={words.inYourTimeZone}
          required
          value={value.at}
          onChange={(event) => onChange({ ...value, at: event.currentTarget.value })}
        />
      )}
    </Group>
  );
}
