import { NumberInput, type NumberInputProps } from '@mantine/core';

interface WholeNumberInputProps
  extends Omit<NumberInputProps, 'value' | 'onChange' | 'allowDecimal' | 'allowNegative' | 'defaultValue'> {
  readonly value?: number | '';
  readonly onChange?: (value: number | '') => void;
}

/** A decimal separator that nobody types. So a comma or a point in pasted text separates thousands: `1,000` is 1000. */
const NEVER_TYPED = '⎖';

/** The field of a whole number from 0 on. An empty field is ''. */
export function WholeNumberInput({ onChange, ...props }: WholeNumberInputProps) {
  return (
    <NumberInput
      min={0}
      {...props}
      allowDecimal={false}
      allowNegative={false}
      decimalSeparator={NEVER_TYPED}
      allowedDecimalSeparators={[]}
      // The library passes text while leading zeros are typed: `05`.
      onChange={(typed) => onChange?.(typed === '' ? '' : Number(typed))}
    />
  );
}
