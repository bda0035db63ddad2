import { Anchor, Stack, Table, Text, Title } from '@mantine/core';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';

const SCOPE_WORDS = { organization: 'Organization', team: 'Team', user: 'Member', key: 'Key' } as const;

interface HoldersProps {
  readonly group: {
    readonly holders: readonly {
      readonly scope: keyof typeof SCOPE_WORDS;
      readonly id: string;
      readonly name: string;
      readonly organization_id: string;
    }[];
    readonly more_holders: boolean;
  };
}

/** Lists the organizations, teams, members and keys whose grants or restrictions name an access group. */
export function Holders({ group }: HoldersProps) {
  return (
    <Stack gap="xs">
      <Title order={2}>Granted to</Title>
      {group.holders.length === 0 ? (
        <Text fz="sm" c="dimmed">
          No one yet. Grant it in an organization’s{' '}
          <Anchor component={PageLink} at={links.organizations()} fz="sm">
            asset access
          </Anchor>
          .
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={420}>
          <Table withTableBorder aria-label="Holders">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Holder</Table.Th>
                <Table.Th>Level</Table.Th>
                <Table.Th>Organization</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {group.holders.map((holder) => (
                <Table.Tr key={`${holder.scope} ${holder.id}`}>
                  <Table.Td>{holder.scope === 'user' ? <bdi>{holder.name}</bdi> : <Named id={holder.id} />}</Table.Td>
                  <Table.Td>{SCOPE_WORDS[holder.scope]}</Table.Td>
                  <Table.Td>
                    <Named id={holder.organization_id} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {group.more_holders && (
        <Text fz="sm" c="dimmed">
          There are more. These are the first {group.holders.length}.
        </Text>
      )}
    </Stack>
  );
}
