import { Radio, Stack } from '@mantine/core';
import { type Bound, errorAt } from './bind.ts';

interface RadioChoicesProps<Value extends string> {
  readonly of: Bound<Value>;
  readonly label: string;
  /** A sentence below the label. */
  readonly about?: string;
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly about: string }[];
  readonly disabled: boolean;
}

/** One of a few choices, each with a sentence that says what it means. */
export function RadioChoices<Value extends string>({ of, label, about, choices, disabled }: RadioChoicesProps<Value>) {
  return (
    <Radio.Group
      label={label}
      description={about}
      value={of.value}
      onChange={(value) => of.onChange(value as Value)}
      error={errorAt(of.errors, of.at)}
    >
      <Stack gap="xs" mt={6}>
        {choices.map((choice) => (
          <Radio key={choice.value} value={choice.value} label={choice.label} description={choice.about} disabled={disabled} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
