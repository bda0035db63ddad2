import { Badge, Group, Text } from '@mantine/core';
import { api, asked, type Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { priceLines } from '../../components/money/price-words.ts';
import { Named } from '../../components/Named.tsx';
import { Time } from '../../components/Time.tsx';
import { Money } from '../../numbers/Money.tsx';
import { PriceOrigin } from '../models/PriceOrigin.tsx';
import { PriceProposals } from './PriceProposals.tsx';
import { words } from './words.ts';

type Price = Schema<'Price'>;

const FILTERS: readonly Filter[] = [
  { param: 'model', label: words.model, kind: 'model' },
  { param: 'deployment_id', label: words.deployment, kind: 'deployment' },
];

/** Lists every version of every price. Versions are only added, because each ledger row names the one it used. */
export function Prices() {
  const session = useSession();
  const mayChange = session.platform_capabilities.includes('catalogue.manage');
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        {words.priceVersionsMean(mayChange)}
      </Text>
      <PriceProposals />
      <DataList<Price>
        name="prices"
        fetch={fetchPrices}
        columns={COLUMNS}
        filters={['model', 'deployment_id']}
        controls={<FilterBar filters={FILTERS} />}
        empty={<EmptyState title={words.noPricesYet}>{words.pricesAppearHere}</EmptyState>}
      />
    </>
  );
}

function fetchPrices({ sort: _, search: __, ...query }: ListQuery) {
  return asked(api.GET('/prices', { params: { query } }));
}

const COLUMNS: ListColumn<Price>[] = [
  { accessor: 'model', title: words.model, phone: 'title', render: ({ model }) => <bdi>{model}</bdi> },
  // Names come after their rows. Columns that grew with them would push the prices into a second line.
  { accessor: 'deployment_id', title: words.deployment, width: 150, render: ({ deployment_id }) => <Named id={deployment_id} /> },
  {
    accessor: 'effective_from',
    title: words.inEffectFrom,
    noWrap: true,
    phone: { fact: 2, isNamed: true },
    render: (price) => <From price={price} />,
  },
  {
    accessor: 'prices',
    title: words.usdPerMillionOrEach,
    phone: { fact: 1 },
    render: ({ prices }) => <Lines prices={prices} />,
  },
  { accessor: 'source', title: words.from, width: 270, render: (price) => <PriceOrigin from={price} /> },
  { accessor: 'added', title: words.added, noWrap: true, render: ({ created_at }) => <Time at={created_at} /> },
];

function From({ price }: { price: Price }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Time at={price.effective_from} />
      {Date.parse(price.effective_from) > Date.now() && <Badge color="blue">{words.scheduled}</Badge>}
    </Group>
  );
}

function Lines({ prices }: { prices: Price['prices'] }) {
  if (prices === null) return <Badge color="yellow">{words.notPriced}</Badge>;
  return (
    <Group gap="sm" style={{ rowGap: 0 }}>
      {priceLines(prices).map(({ label, usd }) => (
        <Text key={label} fz="sm" component="span" className="nowrap">
          <Text component="span" inherit c="dimmed">
            {label}
          </Text>{' '}
          {usd === null ? words.standardPrice : <Money usd={usd} exact />}
        </Text>
      ))}
    </Group>
  );
}
