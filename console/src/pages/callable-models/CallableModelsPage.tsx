import { Anchor, Box, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useSession } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { type Filter, FilterBar } from '../../components/list/FilterBar.tsx';
import { beyondText } from '../../components/money/price-words.ts';
import { Page } from '../../components/shell/Page.tsx';
import { countText, exactMoneyText } from '../../numbers/numbers.ts';
import { NoKeys } from '../keys/NoKeys.tsx';
import { ModelDrawer } from './ModelDrawer.tsx';
import { words } from './words.ts';

/** A target as a row of a list. Rows need an id. */
type CallableRow = Schema<'KeyTarget'> & { readonly id: string };

const FILTERS: readonly Filter[] = [
  { param: 'mode', label: words.serves, kind: { oneOf: Object.keys(words.modes) } },
  { param: 'type', label: words.type, kind: { oneOf: ['model', 'route_group'] } },
];

/** The page of the names that one key can call, with prices and a call that is ready to paste. */
export function CallableModelsPage() {
  const [state] = useUrlState();
  const standard = useStandardKey(state.key_id === undefined);
  return (
    <Page title={words.callableModels} about={words.whatIsListed}>
      {state.key_id !== undefined ? (
        <OfKey keyId={state.key_id} />
      ) : (
        <Asked query={standard}>{({ id }) => (id === null ? <NoKeys /> : <OfKey keyId={id} />)}</Asked>
      )}
    </Page>
  );
}

/** Finds the person's newest key that works, or else the newest that they may see. */
function useStandardKey(isWanted: boolean) {
  const { account } = useSession();
  return useQuery({
    queryKey: ['keys', 'standard', account.id],
    queryFn: async () => {
      const first = async (query: { account_id?: string }) =>
        (await asked(api.GET('/keys', { params: { query: { ...query, status: 'active', limit: 1 } } }))).data[0]?.id ?? null;
      return { id: (await first({ account_id: account.id })) ?? (await first({})) };
    },
    enabled: isWanted,
  });
}

function OfKey({ keyId }: { keyId: string }) {
  const [state, set] = useUrlState();
  const open = (name: string | undefined) => set({ name }, 'push');
  return (
    <>
      <Box maw={420}>
        <ObjectSelect
          kind="key"
          label={words.key}
          value={keyId}
          onChange={(id) => set({ key_id: id, name: undefined, cursor: undefined })}
        />
      </Box>
      <DataList<CallableRow>
        name="callable-targets"
        scope={[keyId]}
        defaultSort="name"
        fetch={async (query) => {
          const path = { id: keyId };
          const params = { path, query: queryOf('/keys/{id}/callable-targets', query) };
          const page = await asked(api.GET('/keys/{id}/callable-targets', { params }));
          return { ...page, data: page.data.map((target) => ({ ...target, id: target.name })) };
        }}
        columns={columnsOf(open)}
        filters={['mode', 'type']}
        searchLabel={words.searchByName}
        controls={<FilterBar filters={FILTERS} />}
        onRowClick={({ name }) => open(name)}
        empty={<EmptyState title={words.keyCanCallNothing}>{words.nothingInCommon}</EmptyState>}
      />
      <ModelDrawer keyId={keyId} name={state.name} onClose={() => set({ name: undefined })} />
    </>
  );
}

function columnsOf(open: (name: string) => void): ListColumn<CallableRow>[] {
  return [
    {
      accessor: 'name',
      title: words.name,
      sortable: true,
      phone: 'title',
      render: ({ name }) => (
        <Anchor
          component="button"
          inherit
          className="mono"
          onClick={(event) => {
            event.stopPropagation();
            open(name);
          }}
        >
          {name}
        </Anchor>
      ),
    },
    {
      accessor: 'mode',
      title: words.serves,
      phone: { fact: 2 },
      render: ({ mode }) => words.modes[mode],
    },
    {
      accessor: 'context_window',
      title: words.contextWindow,
      textAlign: 'right',
      render: ({ context_window: tokens }) => <Tokens count={tokens} />,
    },
    {
      accessor: 'max_output_tokens',
      title: words.maximumOutput,
      textAlign: 'right',
      render: ({ max_output_tokens: tokens }) => <Tokens count={tokens} />,
    },
    price('input_per_million', words.input, 1),
    price('cached_input_per_million', words.cachedInput),
    price('output_per_million', words.output, 3),
  ];
}

type RateName = 'input_per_million' | 'cached_input_per_million' | 'output_per_million';

/** A column of one price, in USD for a million tokens. */
function price(bucket: RateName, title: string, fact?: number): ListColumn<CallableRow> {
  return {
    accessor: `prices.${bucket}`,
    title: words.perMillion(title),
    textAlign: 'right',
    ...(fact === undefined ? {} : { phone: { fact } }),
    render: ({ prices }) => <Rate prices={prices} bucket={bucket} />,
  };
}

/** One rate. The output's cell also tells of prices beyond ordinary tokens. */
function Rate({ prices, bucket }: { prices: CallableRow['prices']; bucket: RateName }) {
  if (prices === null) return bucket === 'input_per_million' ? words.noPrice : <Unknown />;
  const beyond = bucket === 'output_per_million' ? beyondText(prices) : '';
  return (
    <>
      {prices[bucket] === undefined ? <Unknown /> : exactMoneyText(prices[bucket])}
      {beyond !== '' && (
        <Text component="span" fz="xs" c="dimmed">
          {' '}
          {beyond}
        </Text>
      )}
    </>
  );
}

function Tokens({ count }: { count: number | null }) {
  return count === null ? <Unknown /> : countText(count);
}

function Unknown() {
  return (
    <Text component="span" c="dimmed">
      –
    </Text>
  );
}
