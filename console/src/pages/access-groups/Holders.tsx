import { Anchor, Stack, Table, Text, Title } from '@mantine/core';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { words } from './words.ts';

const SCOPE_WORDS = words.scopeWords;

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
      <Title order={2}>{words.grantedTo}</Title>
      {group.holders.length === 0 ? (
        <Text fz="sm" c="dimmed">
          {words.noOneYet}{' '}
          <Anchor component={PageLink} at={links.organizations()} fz="sm">
            {words.assetAccess}
          </Anchor>
          .
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={420}>
          <Table withTableBorder aria-label={words.holders}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.holder}</Table.Th>
                <Table.Th>{words.level}</Table.Th>
                <Table.Th>{words.organization}</Table.Th>
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
          {words.thereAreMore(group.holders.length)}
        </Text>
      )}
    </Stack>
  );
}
