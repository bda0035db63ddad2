import { Box, Text } from '@mantine/core';
import { CopyIcon } from '../../components/CopyText.tsx';
import { useIsPhone } from '../../components/list/useIsPhone.ts';

interface ToEnterProps {
  readonly rows: readonly {
    readonly label: string;
    readonly value: string;
    /** True for a value that nobody copies. */
    readonly isPlain?: boolean;
  }[];
}

/** Values to enter somewhere else, each with a button that copies it. A long value is broken, not cut. */
export function ToEnter({ rows }: ToEnterProps) {
  const isPhone = useIsPhone();
  return (
    <Box
      component="dl"
      m={0}
      style={{
        display: 'grid',
        gridTemplateColumns: isPhone ? '1fr' : 'minmax(90px, max-content) 1fr',
        columnGap: 12,
        rowGap: 4,
      }}
    >
      {rows.map(({ label, value, isPlain }) => (
        <Box key={label} style={{ display: 'contents' }}>
          <Text component="dt" fz="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" m={0} fz="sm" className="mono" style={{ overflowWrap: 'anywhere' }}>
            {value}
            {isPlain !== true && (
              <Box component="span" ml={4} style={{ display: 'inline-block', verticalAlign: 'middle' }}>
                <CopyIcon text={value} label={label} />
              </Box>
            )}
          </Text>
        </Box>
      ))}
    </Box>
  );
}
