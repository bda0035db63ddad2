import { Group, Stack, Table, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { countText } from '../../components/Count.tsx';
import { Money } from '../../components/Money.tsx';
import { Named } from '../../components/Named.tsx';
import { StatusBadge, wordOf } from '../../components/StatusBadge.tsx';
import { TableScroll } from '../../components/TableScroll.tsx';
import type { FullRequest } from './full-request.ts';

/** What each attempt used and cost, bucket by bucket; the ledger's own entries. */
export function Costs({ request }: { request: FullRequest }) {
  if (request.ledger.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        Nothing was used and nothing was charged.
      </Text>
    );
  return (
    <Stack gap="sm">
      {request.ledger.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an attempt can have an entry and its adjustment; their order is fixed.
        <Entry key={index} entry={entry} />
      ))}
      <Group gap="xs" justify="flex-end">
        <Text fz="sm" c="dimmed">
          {countText(request.total_tokens)} tokens in all
        </Text>
        <Text fz="sm" fw={600} component="div">
          {request.spend === null ? 'Not priced' : <Money usd={request.spend} exact />}
        </Text>
      </Group>
    </Stack>
  );
}

function Entry({ entry }: { entry: Schema<'LedgerEntry'> }) {
  return (
    <div>
      <Group gap="xs" mb={4}>
        <Text fz="sm" fw={500}>
          Attempt {entry.attempt}
        </Text>
        {entry.kind !== 'usage' && <StatusBadge status={entry.kind} />}
        <Text fz="sm" c="dimmed" component="div">
          <Named id={entry.deployment_id} />, {entry.provider} · {entry.upstream_model}
        </Text>
      </Group>
      <TableScroll minWidth={480}>
        <Table withTableBorder fz="sm" verticalSpacing={5}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Bucket</Table.Th>
              <Table.Th ta="right">Tokens</Table.Th>
              <Table.Th ta="right">Price per million</Table.Th>
              <Table.Th ta="right">Cost</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {linesOf(entry).map(({ bucket, tokens, price, cost }) => (
              <Table.Tr key={bucket}>
                <Table.Td>{wordOf(bucket)}</Table.Td>
                <Table.Td ta="right">{countText(tokens)}</Table.Td>
                <Table.Td ta="right">
                  <Money usd={price} exact />
                </Table.Td>
                <Table.Td ta="right">
                  <Money usd={cost} exact />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th>Total</Table.Th>
              <Table.Th ta="right">{countText(entry.total_tokens)}</Table.Th>
              <Table.Th />
              <Table.Th ta="right">
                <Money usd={entry.spend} exact />
              </Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </TableScroll>
    </div>
  );
}

interface Line {
  readonly bucket: string;
  readonly tokens: number;
  readonly price: string | null;
  readonly cost: string | null;
}

/** Without a price the tokens alone. */
function linesOf(entry: Schema<'LedgerEntry'>): readonly Line[] {
  if (entry.cost_by_bucket !== null)
    return entry.cost_by_bucket.map(({ bucket, tokens, price_per_million, cost }) => ({
      bucket,
      tokens,
      price: price_per_million,
      cost,
    }));
  const buckets = {
    input: entry.input_tokens,
    cached_input: entry.cached_input_tokens,
    cache_write: entry.cache_write_tokens,
    output: entry.output_tokens,
    reasoning: entry.reasoning_tokens,
    ...entry.other_tokens,
  };
  return Object.entries(buckets)
    .filter(([, tokens]) => tokens !== 0)
    .map(([bucket, tokens]) => ({ bucket, tokens, price: null, cost: null }));
}
