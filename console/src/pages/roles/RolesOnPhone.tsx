import { Box, Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { PermissionName } from './PermissionName.tsx';
import { words } from './words.ts';

type RoleTable = Schema<'RoleTable'>;

const REACHES = ['all', 'own_team', 'own'] as const;

/** The same table for a narrow screen: below each permission the roles that have it. */
export function RolesOnPhone({ table: { roles, permissions } }: { table: RoleTable }) {
  return (
    <Stack component="ul" gap="md" m={0} p={0} style={{ listStyle: 'none' }} aria-label={words.title}>
      {permissions.map((row) => (
        <Box component="li" key={row.permission}>
          <PermissionName {...row} />
          {REACHES.map((reach) => {
            const held = roles.filter(({ role }) => row.held_by.some((one) => one.role === role && one.reach === reach));
            if (held.length === 0) return null;
            return (
              <Text key={reach} fz="sm" mt={2}>
                <b>{words.reach[reach]}:</b> {held.map(({ role }) => roleWord(role)).join(', ')}
              </Text>
            );
          })}
        </Box>
      ))}
    </Stack>
  );
}
