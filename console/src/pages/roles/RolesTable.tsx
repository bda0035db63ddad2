import { Box, Table, Text, VisuallyHidden } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { PermissionName } from './PermissionName.tsx';
import { words } from './words.ts';

type RoleTable = Schema<'RoleTable'>;
type Role = RoleTable['roles'][number]['role'];
type Place = RoleTable['roles'][number]['place'];

const PLACES: readonly Place[] = ['platform', 'organization', 'team'];
const ROLE_WIDTH = 72;

/** A row for each permission and a column for each role. */
export function RolesTable({ table: { roles, permissions } }: { table: RoleTable }) {
  const places = PLACES.map((place) => ({ place, roles: roles.filter((one) => one.place === place) })).filter(
    (one) => one.roles.length > 0,
  );
  const ordered = places.flatMap((one) => one.roles.map(({ role }) => role));
  const isFirst = new Set(places.map((one) => one.roles[0]?.role));
  return (
    <Box style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={words.title}>
      <Table verticalSpacing={6} horizontalSpacing={4} miw={300 + ordered.length * ROLE_WIDTH} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th rowSpan={2} style={{ verticalAlign: 'bottom' }}>
              {words.permission}
            </Table.Th>
            {places.map((one) => (
              <Table.Th key={one.place} colSpan={one.roles.length} scope="colgroup" ta="center" style={edge(true)}>
                <Text fz="xs" c="dimmed" fw={500}>
                  {words.place[one.place]}
                </Text>
              </Table.Th>
            ))}
          </Table.Tr>
          <Table.Tr>
            {ordered.map((role) => (
              <Table.Th
                key={role}
                w={ROLE_WIDTH}
                fz="xs"
                ta="center"
                style={{ ...edge(isFirst.has(role)), verticalAlign: 'bottom' }}
              >
                {roleWord(role)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {permissions.map((row) => (
            <Table.Tr key={row.permission}>
              <Table.Th scope="row" fw={400}>
                <PermissionName {...row} />
              </Table.Th>
              {ordered.map((role) => (
                <Table.Td key={role} ta="center" style={edge(isFirst.has(role))}>
                  <Reach heldBy={row.held_by} role={role} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}

/** A line before the first role of a place. */
function edge(isEdge: boolean) {
  return isEdge ? { borderInlineStart: '1px solid var(--mantine-color-default-border)' } : {};
}

function Reach({ heldBy, role }: { heldBy: RoleTable['permissions'][number]['held_by']; role: Role }) {
  const held = heldBy.find((one) => one.role === role);
  if (held === undefined)
    return (
      <Text span fz="sm" c="dimmed">
        <span aria-hidden>{words.not}</span>
        <VisuallyHidden>{words.notAllowed}</VisuallyHidden>
      </Text>
    );
  return (
    <Text span fz="sm" className="nowrap" fw={held.reach === 'all' ? 600 : 400}>
      {words.reach[held.reach]}
    </Text>
  );
}
