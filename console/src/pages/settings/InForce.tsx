import { Badge, Code, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';

/** Lists every setting with its meaning and its present value. Settings are read at startup, so a change needs a restart. */
export function InForce() {
  const [text, setText] = useState('');
  const query = useQuery({ queryKey: ['settings'], queryFn: () => asked(api.GET('/settings')) });
  const isMeant = ({ name, about }: Schema<'Setting'>) => `${name} ${about}`.toLowerCase().includes(text.trim().toLowerCase());
  return (
    <Stack gap="sm">
      <Text fz="sm" c="dimmed">
        Settings are environment variables, or flags of the same name. The process reads them when it starts: change them there
        and restart it. The value of a secret is never shown.
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
      <Asked query={query} shape="rows">
        {({ data }) => (
          <Table withTableBorder fz="sm" aria-label="Settings" style={{ tableLayout: 'fixed' }}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w="62%">Setting</Table.Th>
                <Table.Th>In force</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.filter(isMeant).map((setting) => (
                <Row key={setting.name} setting={setting} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Asked>
    </Stack>
  );
}

function Row({ setting: { name, value, is_set, is_secret, default: standard, about } }: { setting: Schema<'Setting'> }) {
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        <span className="mono">{name}</span>
        <Text fz="sm" c="dimmed">
          {withCode(about)}
        </Text>
      </Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere', verticalAlign: 'top' }}>
        {is_secret ? (
          <Badge color={is_set ? 'green' : 'gray'}>{is_set ? 'Set' : 'Not set'}</Badge>
        ) : (
          <span className="mono" style={{ fontWeight: is_set ? 600 : undefined }}>
            {value ?? '–'}
          </span>
        )}
        <Text fz="xs" c="dimmed">
          {is_secret ? 'a secret' : is_set ? `set; default ${standard ?? 'none'}` : 'default'}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** Formats text between backticks as code. */
function withCode(text: string): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place.
  return text.split('`').map((part, at) => (at % 2 === 1 ? <Code key={at}>{part}</Code> : part));
}
