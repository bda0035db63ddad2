import { Badge, Code, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { words } from './words.ts';

/** Lists every setting with its meaning and its present value. Settings are read at startup, so a change needs a restart. */
export function InForce() {
  const [text, setText] = useState('');
  const query = useQuery({ queryKey: ['settings'], queryFn: () => asked(api.GET('/settings')) });
  const isMeant = ({ name, about }: Schema<'Setting'>) => `${name} ${about}`.toLowerCase().includes(text.trim().toLowerCase());
  return (
    <Stack gap="sm">
      <Text fz="sm" c="dimmed">
        {words.settingsMean}
      </Text>
      <TextInput
        w={{ base: '100%', xs: 280 }}
        type="search"
        aria-label={words.searchSettings}
        placeholder={words.searchSettings}
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Asked query={query} shape="rows">
        {({ data }) => (
          <Table withTableBorder fz="sm" aria-label={words.settings} style={{ tableLayout: 'fixed' }}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w="62%">{words.setting}</Table.Th>
                <Table.Th>{words.inForce}</Table.Th>
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
          <Badge color={is_set ? 'green' : 'gray'}>{is_set ? words.set : words.notSet}</Badge>
        ) : (
          <span className="mono" style={{ fontWeight: is_set ? 600 : undefined }}>
            {value ?? '–'}
          </span>
        )}
        <Text fz="xs" c="dimmed">
          {is_secret ? words.aSecret : is_set ? words.setDefault(standard) : words.default}
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
