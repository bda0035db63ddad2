import { useMediaQuery } from '@mantine/hooks';

/** The widths at which the columns of a list do not fit. */
const PHONE = '(max-width: 35.99em)';

/** Reports whether lists are shown as entries of two lines instead of tables. Known from the first rendering on. */
export function useIsPhone(): boolean {
  return useMediaQuery(PHONE, false, { getInitialValueInEffect: false });
}
