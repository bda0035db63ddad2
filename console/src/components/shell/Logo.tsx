import { Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

/** The logo and the name, as a link to the overview. */
export function Logo() {
  return (
    <Link to={PATHS.overview} style={{ textDecoration: 'none', color: 'inherit' }}>
      <Group gap={8} wrap="nowrap">
        <img src="/favicon.svg" alt="" width={22} height={22} />
        <Text fw={700} fz="md">
          {words.headgate}
        </Text>
      </Group>
    </Link>
  );
}
