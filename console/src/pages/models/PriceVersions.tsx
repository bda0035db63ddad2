import { Badge, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { priceLines } from '../../components/money/price-words.ts';
import { Time } from '../../components/Time.tsx';
import { exactMoneyText } from '../../numbers/numbers.ts';
import { PriceText } from './cells.tsx';
import { PriceDialog } from './PriceDialog.tsx';
import { PriceOrigin } from './PriceOrigin.tsx';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;
const VERSIONS_SHOWN = 50;

/**
 * Lists past, present and scheduled prices of this deployment, newest first. Versions are only added, because each charge names
 * the one it used.
 */
export function PriceVersions({ deployment }: { deployment: Deployment }) {
  const [isAdding, setAdding] = useState(false);
  const versions = useQuery({
    queryKey: ['prices', deployment.id],
    queryFn: () => asked(api.GET('/prices', { params: { query: { deployment_id: deployment.id, limit: VERSIONS_SHOWN } } })),
  });
  return (
    <Stack gap="xs">
      <Asked query={versions}>{({ data }) => <VersionTable rows={data} />}</Asked>
      <Group>
        <GuardedButton
          size="xs"
          variant="default"
          verdict={verdictOf('catalogue.manage', deployment)}
          onClick={() => setAdding(true)}
        >
          {words.addPriceVersion}
        </GuardedButton>
      </Group>
      <PriceDialog deployment={deployment} opened={isAdding} onClose={() => setAdding(false)} />
    </Stack>
  );
}

function VersionTable({ rows }: { rows: readonly Schema<'Price'>[] }) {
  const now = Date.now();
  const inForce = rows.find((row) => Date.parse(row.effective_from) <= now);
  if (rows.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.noPriceYet}
      </Text>
    );
  return (
    <TableScroll minWidth={760}>
      <Table withTableBorder aria-label={words.priceVersions}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.inEffectFrom}</Table.Th>
            <Table.Th>{words.pricePerMillionTokens}</Table.Th>
            <Table.Th>{words.otherPrices}</Table.Th>
            <Table.Th>{words.source}</Table.Th>
            <Table.Th>{words.added}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td>
                <Time at={row.effective_from} />
              </Table.Td>
              <Table.Td>
                <PriceText prices={row.prices} isBeyondBeside />
              </Table.Td>
              <Table.Td>
                <Beyond prices={row.prices} />
              </Table.Td>
              <Table.Td>
                <PriceOrigin from={row} />
              </Table.Td>
              <Table.Td>
                <Time at={row.created_at} />
              </Table.Td>
              <Table.Td>
                {row === inForce && (
                  <Badge color="green" miw="max-content">
                    {words.inForce}
                  </Badge>
                )}
                {Date.parse(row.effective_from) > now && (
                  <Badge color="blue" miw="max-content">
                    {words.scheduled}
                  </Badge>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

/** The pieces and tiers of a version, one per line: everything beyond the price of ordinary tokens. */
function Beyond({ prices }: { prices: Schema<'Price'>['prices'] }) {
  const { per_unit, context_tiers, service_tiers } = prices ?? {};
  const lines = priceLines({ per_unit, context_tiers, service_tiers });
  if (lines.length === 0)
    return (
      <Text component="span" fz="sm" c="dimmed">
        –
      </Text>
    );
  return (
    <Stack gap={0}>
      {lines.map(({ label, usd }) => (
        <Text key={label} fz="xs" className="nowrap">
          {label}: {usd === null ? words.standardPrice : exactMoneyText(usd)}
        </Text>
      ))}
    </Stack>
  );
}
