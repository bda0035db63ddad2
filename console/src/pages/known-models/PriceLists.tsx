import { Badge, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { Named } from '../../components/Named.tsx';
import { Time } from '../../components/Time.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

type PriceList = Schema<'PriceList'>;

/** The published list of this version and the imported lists. */
export function PriceLists() {
  const lists = useQuery({ queryKey: ['price-lists'], queryFn: () => asked(api.GET('/price-lists')) });
  const [deleting, setDeleting] = useState<PriceList | null>(null);
  return (
    <Stack gap="md">
      <Text fz="sm" c="dimmed">
        {words.priceListsMean}
      </Text>
      <Asked query={lists}>{({ data }) => <Lists of={data} onDelete={setDeleting} />}</Asked>
      <DeleteDialog list={deleting} onClose={() => setDeleting(null)} />
    </Stack>
  );
}

function Lists({ of: lists, onDelete }: { of: readonly PriceList[]; onDelete: (list: PriceList) => void }) {
  const verdict = useCan('catalogue.manage');
  return (
    <TableScroll minWidth={720}>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.listName}</Table.Th>
            <Table.Th>{words.version}</Table.Th>
            <Table.Th>{words.publishedOn}</Table.Th>
            <Table.Th>{words.author}</Table.Th>
            <Table.Th>{words.importedAt}</Table.Th>
            <Table.Th ta="right">{words.models}</Table.Th>
            <Table.Th aria-label={words.deleteList} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lists.map((list) => (
            <Table.Tr key={`${list.is_imported} ${list.name}`}>
              <Table.Td>
                <bdi>{list.name}</bdi>
              </Table.Td>
              <Table.Td>{list.version}</Table.Td>
              <Table.Td>{list.published_on ?? '–'}</Table.Td>
              <Table.Td>{list.is_imported ? <Named id={list.author} /> : list.author}</Table.Td>
              <Table.Td>
                {list.imported_at === null ? (
                  <Badge color="gray">{words.ofThisVersion}</Badge>
                ) : (
                  <Time at={list.imported_at} relative />
                )}
              </Table.Td>
              <Table.Td ta="right">{countText(list.models)}</Table.Td>
              <Table.Td ta="right">
                {list.is_imported && (
                  <GuardedButton
                    verdict={verdict}
                    size="compact-sm"
                    variant="default"
                    aria-label={words.deleteListNamed(list.name)}
                    onClick={() => onDelete(list)}
                  >
                    {words.delete}
                  </GuardedButton>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function DeleteDialog({ list, onClose }: { list: PriceList | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={list !== null}
      onClose={onClose}
      title={words.deleteList}
      name={list?.name ?? ''}
      verb={words.deleteList}
      consequences={[words.modelsForgotten, words.pricesStay]}
      action={async () => {
        if (list === null) return;
        await asked(api.DELETE('/price-lists/{name}', { params: { path: { name: list.name } } }));
        saved(words.listDeleted(list.name));
        await Promise.all(
          ['price-lists', 'known-models', 'model-list'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })),
        );
      }}
    />
  );
}
