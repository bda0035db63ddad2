import { Alert, Badge, Group, Stack, Table, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { partlyPricedWords } from '../../components/money/PartlyPriced.tsx';
import { bucketName, unitName } from '../../components/money/price-words.ts';
import { Named } from '../../components/Named.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import type { FullRequest } from './full-request.ts';
import { words } from './words.ts';

type LedgerEntry = Schema<'LedgerEntry'>;

/** The use and cost of each attempt by bucket and unit, from the ledger. */
export function Costs({ request }: { request: FullRequest }) {
  if (request.ledger.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.nothingUsed}
      </Text>
    );
  return (
    <Stack gap="sm">
      {request.ledger.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an attempt can have an entry and its adjustment; their order is fixed.
        <Entry key={index} entry={entry} />
      ))}
      {request.partly_priced && (
        <Alert color="orange" title={words.partlyPriced}>
          {partlyPricedWords(unpricedIn(request))}
        </Alert>
      )}
      <Group gap="xs" justify="flex-end">
        <Text fz="sm" c="dimmed">
          {words.tokensInAll(countText(request.total_tokens))}
        </Text>
        <Text fz="sm" fw={600} component="div">
          {request.spend === null ? words.notPriced : <Money usd={request.spend} exact />}
        </Text>
      </Group>
    </Stack>
  );
}

/** Returns the units of a request that had no price, each with its quantity. Null if the quantity was not counted. */
export function unpricedIn({ ledger }: FullRequest): Readonly<Record<string, number | null>> {
  const amounts = ledger.flatMap((entry) => {
    const used: Record<string, number> = { cache_write: entry.cache_write_tokens, ...entry.other_tokens, ...entry.units };
    return entry.unpriced_units.map((unit) => [unit, used[unit] ?? null] as const);
  });
  return Object.fromEntries(amounts);
}

function Entry({ entry }: { entry: LedgerEntry }) {
  return (
    <div>
      <Group gap="xs" mb={4}>
        <Text fz="sm" fw={500}>
          {words.attemptNumber(entry.attempt)}
        </Text>
        {entry.kind !== 'usage' && <StatusBadge status={entry.kind} />}
        {entry.service_tier !== null && <Badge color="blue">{words.tier(entry.service_tier)}</Badge>}
        <Text fz="sm" c="dimmed" component="div">
          <Named id={entry.deployment_id} />, {entry.provider} · {entry.upstream_model}
        </Text>
      </Group>
      <TableScroll minWidth={480}>
        <Table withTableBorder fz="sm" verticalSpacing={5}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.bucketOrUnit}</Table.Th>
              <Table.Th ta="right">{words.amount}</Table.Th>
              <Table.Th ta="right">{words.price}</Table.Th>
              <Table.Th ta="right">{words.cost}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {[...tokenLines(entry), ...unitLines(entry)].map(({ name, amount, price, per, cost }) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ta="right">{countText(amount)}</Table.Td>
                <Table.Td ta="right">
                  <Price usd={price} per={per} />
                </Table.Td>
                <Table.Td ta="right">
                  <Money usd={cost} exact />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th>{words.total}</Table.Th>
              <Table.Th ta="right">{words.countTokens(countText(entry.total_tokens))}</Table.Th>
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

function Price({ usd, per }: { usd: string | null; per: Line['per'] }) {
  if (usd === null && per === 'each') return <Badge color="orange">{words.noPrice}</Badge>;
  return (
    <>
      <Money usd={usd} exact />{' '}
      {usd !== null && (
        <Text component="span" fz="xs" c="dimmed">
          {per === 'million' ? words.perMillion : words.each}
        </Text>
      )}
    </>
  );
}

interface Line {
  readonly name: string;
  readonly amount: number;
  readonly price: string | null;
  readonly per: 'million' | 'each';
  readonly cost: string | null;
}

/** Lists the tokens of an entry. Without a price there are only quantities. */
function tokenLines(entry: LedgerEntry): readonly Line[] {
  const per = 'million';
  if (entry.cost_by_bucket !== null)
    return entry.cost_by_bucket.map(({ bucket, tokens, price_per_million, cost }) => ({
      ...{ name: bucketName(bucket), amount: tokens, price: price_per_million },
      ...{ per, cost },
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
    .map(([bucket, amount]) => ({ name: bucketName(bucket), amount, price: null, per, cost: null }));
}

/** Lists the units of an entry. Without a price there are only quantities. */
function unitLines(entry: LedgerEntry): readonly Line[] {
  const per = 'each';
  if (entry.cost_by_unit !== null)
    return entry.cost_by_unit.map(({ unit, quantity, price, cost }) => ({
      name: unitName(unit),
      amount: quantity,
      price,
      per,
      cost,
    }));
  return Object.entries(entry.units).map(([unit, amount]) => ({ name: unitName(unit), amount, price: null, per, cost: null }));
}
