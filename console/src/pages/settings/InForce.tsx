import { Badge, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { TableScroll } from '../../components/TableScroll.tsx';

/** Every setting with what it means and what holds now. They are read at start, so they are changed where the process is started. */
export function InForce() {
  const [text, setText] = useState('');
  const query = useQuery({ queryKey: ['settings'], queryFn: () => asked(api.GET('/settings')) });
  const isMeant = ({ name, about }: Schema<'Setting'>) => `${name} ${about}`.toLowerCase().includes(text.trim().toLowerCase());
  return (
    <Stack gap="sm">
      <Text fz="sm" c="dimmed">
        Settings are environment variables, or flags of the same name, read when the process starts: change them there and start
        it again. A secret’s value is never shown.
      </Text>
      <TextInput
        w={{ base: '100%', xs: 280 }}
        type="search"
        aria-label="Search settings"
        placeholder="Search settings"
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Asked query={query}>
        {({ data }) => (
          <TableScroll minWidth={760}>
            <Table withTableBorder fz="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Setting</Table.Th>
                  <Table.Th>In force</Table.Th>
                  <Table.Th>Default</Table.Th>
                  <Table.Th>What it does</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.filter(isMeant).map((setting) => (
                  <Row key={setting.name} setting={setting} />
                ))}
              </Table.Tbody>
            </Table>
          </TableScroll>
        )}
      </Asked>
    </Stack>
  );
}

function Row({ setting: { name, value, is_set, is_secret, default: standard, about } }: { setting: Schema<'Setting'> }) {
  return (
    <Table.Tr>
      <Table.Td className="mono nowrap">{name}</Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        {is_secret ? (
          <Badge color={is_set ? 'teal' : 'gray'}>{is_set ? 'Secret, set' : 'Secret, not set'}</Badge>
        ) : (
          <span className="mono" style={{ fontWeight: is_set ? 600 : undefined }}>
            {value ?? '–'}
          </span>
        )}
        {is_set && !is_secret && (
          <Badge ml={6} size="xs" color="blue">
            Chosen
          </Badge>
        )}
      </Table.Td>
      <Table.Td className="mono">{standard ?? '–'}</Table.Td>
      <Table.Td>{about}</Table.Td>
    </Table.Tr>
  );
}
