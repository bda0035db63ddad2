import { Anchor, Table, Text } from '@mantine/core';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';

const KEPT: readonly (readonly [what: string, howLong: string, where: string])[] = [
  ['Ledger and reports', 'Kept forever. Balances and bills are computed from them.', 'Usage & spend'],
  [
    'Request log',
    'As many days as the organization’s audit policy says, and at most HEADGATE_REQUEST_LOG_DAYS. Forever if neither is set.',
    'Requests',
  ],
  [
    'Content of requests and answers',
    'Stored only if the organization’s audit policy says so, for as many days as it says. Encrypted with the organization’s own key.',
    'The page of a request, for people who may read it',
  ],
  ['Audit log', 'Kept forever. One hash chain for each organization and one for the platform.', 'Audit log'],
  ['Prices', 'Every version is kept, because ledger rows refer to it.', 'Prices'],
];

/** Lists what the gateway stores and for how long. Each organization sets the retention of its own content. */
export function Retention() {
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        The audit policy of each organization decides how much content is stored, and for how long:{' '}
        <Anchor component={PageLink} at={links.organizations()} inherit underline="always">
          open an organization
        </Anchor>{' '}
        and change its audit settings.
      </Text>
      <TableScroll minWidth={520}>
        <Table withTableBorder fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What</Table.Th>
              <Table.Th>How long</Table.Th>
              <Table.Th>Where to see it</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {KEPT.map(([what, howLong, where]) => (
              <Table.Tr key={what}>
                <Table.Td fw={500}>{what}</Table.Td>
                <Table.Td>{howLong}</Table.Td>
                <Table.Td>{where}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </>
  );
}
