import { Group, Select, TextInput } from '@mantine/core';
import { type ExpiryDraft, expiriesWithin } from './expiry.ts';

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
        label="Expires"
        data={[...expiriesWithin(daysMax)]}
        value={value.after}
        allowDeselect={false}
        error={error}
        description={daysMax === null ? undefined : `At most ${daysMax} days, by this team’s self-service policy.`}
        onChange={(after) => after !== null && onChange({ ...value, after })}
      />
      {value.after === 'at' && (
        <TextInput
          type="datetime-local"
          label="Date and time"
          description="In your time zone."
          required
          value={value.at}
          onChange={(event) => onChange({ ...value, at: event.currentTarget.value })}
        />
      )}
    </Group>
  );
}
