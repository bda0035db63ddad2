import { Anchor, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import type { Rule } from './rule-draft.ts';
import { words } from './words.ts';

const PAGE = 20;

/** Lists the keys that a rule made, with the values of the claims that each stands for. */
export function RuleKeys({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const [cursor, setCursor] = useState<string | undefined>();
  const [forgetting, setForgetting] = useState<KeyRow | null>(null);
  const path = { id: rule.organization_id, rule_id: rule.id };
  const query = useQuery({
    queryKey: ['trust-rules', rule.id, 'keys', cursor],
    queryFn: () =>
      asked(
        api.GET('/organizations/{id}/trust-rules/{rule_id}/keys', {
          params: { path, query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } },
        }),
      ),
  });
  if (forgetting !== null) return <ForgetKey rule={rule} row={forgetting} onClose={() => setForgetting(null)} />;
  return (
    <Modal opened onClose={onClose} title={words.keysOf(rule.name)} size="xl" closeButtonProps={{ 'aria-label': words.close }}>
      <Asked query={query} shape="rows">
        {({ data, next_cursor }) => (
          <Stack gap="sm">
            {data.length === 0 ? <Text fz="sm">{words.noKeysYet}</Text> : null}
            {data.length > 0 && <Rows rows={data} onForget={setForgetting} />}
            <Group justify="flex-end" gap="xs">
              {cursor !== undefined && (
                <Button size="xs" variant="default" onClick={() => setCursor(undefined)}>
                  {words.firstPage}
                </Button>
              )}
              {next_cursor !== null && (
                <Button size="xs" variant="default" onClick={() => setCursor(next_cursor)}>
                  {words.nextPage}
                </Button>
              )}
            </Group>
          </Stack>
        )}
      </Asked>
    </Modal>
  );
}

interface KeyRow {
  readonly key_id: string;
  readonly name: string;
  readonly status: string;
  readonly values: readonly string[];
  readonly last_exchanged_at: string | null;
  readonly last_used_at: string | null;
}

/** Asks before a key is forgotten, and says what that does: it is easily taken for the way to keep a workload out. */
function ForgetKey({ rule, row, onClose }: { rule: Rule; row: KeyRow; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.forgetNamed(row.name)}
      name={row.name}
      verb={words.forgetKey}
      consequences={[
        row.status === 'revoked' ? words.staysRevoked : words.revokesThisKey,
        words.nextTokenMakesKey,
        words.toKeepOut,
        words.cannotUndo,
      ]}
      action={async () => {
        const path = { id: rule.organization_id, rule_id: rule.id, key_id: row.key_id };
        await asked(api.DELETE('/organizations/{id}/trust-rules/{rule_id}/keys/{key_id}', { params: { path } }));
        for (const name of ['trust-rules', 'keys']) await queryClient.invalidateQueries({ queryKey: [name] });
      }}
    />
  );
}

function Rows({ rows, onForget }: { rows: readonly KeyRow[]; onForget: (row: KeyRow) => void }) {
  return (
    <TableScroll minWidth={640}>
      <Table fz="sm" withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.key}</Table.Th>
            <Table.Th>{words.status}</Table.Th>
            <Table.Th>{words.values}</Table.Th>
            <Table.Th>{words.lastExchange}</Table.Th>
            <Table.Th>{words.lastUse}</Table.Th>
            <Table.Th aria-label={words.actions} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key_id}>
              <Table.Td>
                <Anchor component={PageLink} at={links.key(row.key_id)} fz="sm">
                  <bdi>{row.name}</bdi>
                </Anchor>
              </Table.Td>
              <Table.Td>
                <StatusBadge status={row.status} />
              </Table.Td>
              <Table.Td className="mono">{row.values.length === 0 ? '–' : row.values.join(', ')}</Table.Td>
              <Table.Td>{row.last_exchanged_at === null ? '–' : <Time at={row.last_exchanged_at} relative />}</Table.Td>
              <Table.Td>{row.last_used_at === null ? '–' : <Time at={row.last_used_at} relative />}</Table.Td>
              <Table.Td>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="red"
                  aria-label={words.forgetLabel(row.name)}
                  onClick={() => onForget(row)}
                >
                  {words.forget}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}
