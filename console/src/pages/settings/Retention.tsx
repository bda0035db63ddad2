import { Anchor, Table, Text } from '@mantine/core';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { words } from './words.ts';

const KEPT: readonly (readonly [what: string, howLong: string, where: string])[] = [
  [words.ledgerAndReports, words.ledgerKept, words.usageSpend],
  [words.requestLog, words.requestLogKept, words.requests],
  [words.contentOfRequests, words.contentKept, words.pageOfRequest],
  [words.auditLog, words.auditLogKept, words.auditLog],
  [words.prices, words.pricesKept, words.prices],
];

/** Lists what the gateway stores and for how long. Each organization sets the retention of its own content. */
export function Retention() {
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        {words.policyDecides}{' '}
        <Anchor component={PageLink} at={links.organizations()} inherit underline="always">
          {words.openAnOrganization}
        </Anchor>{' '}
        {words.andChangeIts}
      </Text>
      <TableScroll minWidth={520}>
        <Table withTableBorder fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.what}</Table.Th>
              <Table.Th>{words.howLong}</Table.Th>
              <Table.Th>{words.whereToSeeIt}</Table.Th>
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
