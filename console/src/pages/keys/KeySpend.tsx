import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { Sparkline } from '../../components/charts/Sparkline.tsx';
import { Facts } from '../../components/Facts.tsx';
import { ListEntries } from '../../components/list/ListEntries.tsx';
import { ListTable } from '../../components/list/ListTable.tsx';
import { useIsPhone } from '../../components/list/useIsPhone.ts';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { partsIn } from '../../numbers/times.ts';
import { type Request, requestColumns } from '../requests/columns.tsx';
import { words } from './words.ts';

const REFRESH_MS = 15_000;
const CALLS_SHOWN = 5;
const DAY_MS = 86_400_000;
/** Reaches the first day of any month. */
const MONTH_DAYS = 32;

/** The spend of a key in this month and in the last 30 days. */
export function KeySpend({ of: key, timeZone }: { of: Schema<'Key'>; timeZone: string | undefined }) {
  const keyId = key.id;
  const days = useQuery({
    queryKey: ['usage', 'of-key', keyId, 'days'],
    queryFn: () => asked(api.GET('/usage', { params: { query: { key_id: keyId, interval: 'day' } } })),
    refetchInterval: REFRESH_MS,
  });
  const month = useQuery({
    queryKey: ['usage', 'of-key', keyId, 'month', timeZone],
    queryFn: () => spendOfMonth(keyId, timeZone ?? 'UTC'),
    enabled: timeZone !== undefined,
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack component="section" gap="xs">
      <Group justify="space-between">
        <Title order={2}>{words.spend}</Title>
        <Anchor component={PageLink} at={links.usage({ key_id: keyId })} fz="sm">
          {words.usageOfThisKey}
        </Anchor>
      </Group>
      <Asked query={days}>
        {({ data, total }) => (
          <Facts
            facts={[
              [words.thisMonth, month.data === undefined ? '…' : <Money key="month" usd={month.data} />],
              [words.last30Days, <Money key="days" usd={total.spend} />],
              [words.spendPerDay, <Course key="course" days={data} />],
              [words.requests30Days, countText(total.admitted_requests)],
              [
                words.refused30Days,
                <Anchor
                  key="refused"
                  component={PageLink}
                  at={links.requests({ key_id: keyId, status: 'refused', range: '30d' })}
                  inherit
                >
                  {countText(total.refused_requests)}
                </Anchor>,
              ],
              [words.tokens30Days, countText(total.total_tokens)],
            ]}
          />
        )}
      </Asked>
    </Stack>
  );
}

/** Returns the spend of the present calendar month of a time zone. */
async function spendOfMonth(keyId: string, timeZone: string): Promise<string> {
  const from = new Date(Date.now() - MONTH_DAYS * DAY_MS).toISOString();
  const query = { key_id: keyId, interval: 'month', from, time_zone: timeZone } as const;
  const { data } = await asked(api.GET('/usage', { params: { query } }));
  const monthOf = (at: Date) => {
    const { year, month } = partsIn(timeZone, at);
    return `${year}-${month}`;
  };
  const now = monthOf(new Date());
  return data.find(({ start }) => start !== undefined && monthOf(new Date(start)) === now)?.spend ?? '0';
}

function Course({ days }: { days: Schema<'Usage'>['data'] }) {
  const values = [...days].sort((a, b) => (a.start ?? '').localeCompare(b.start ?? '')).map(({ spend }) => Number(spend));
  const most = days.reduce((max, { spend }) => (Number(spend) > Number(max) ? spend : max), '0');
  if (values.length < 2)
    return (
      <Text fz="sm" c="dimmed">
        {words.chartAfterTwoDays}
      </Text>
    );
  return <Sparkline values={values} label={words.spendOnEachDay(most)} />;
}

/** The latest calls with a key, and the way to all of them. */
export function RecentCalls({ keyId }: { keyId: string }) {
  const open = useOpenPage();
  const Rows = useIsPhone() ? ListEntries<Request> : ListTable<Request>;
  const calls = useQuery({
    queryKey: ['requests', 'recent', keyId],
    queryFn: () => asked(api.GET('/requests', { params: { query: { key_id: keyId, limit: CALLS_SHOWN } } })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack component="section" gap="xs">
      <Group justify="space-between">
        <Title order={2}>{words.recentRequests}</Title>
        <Anchor component={PageLink} at={links.requests({ key_id: keyId })} fz="sm">
          {words.allRequests}
        </Anchor>
      </Group>
      <Asked query={calls}>
        {({ data }) =>
          data.length === 0 ? (
            <Text fz="sm" c="dimmed">
              {words.noRecentRequests}
            </Text>
          ) : (
            <Rows
              name={words.recentRequestsName}
              columns={COLUMNS}
              rows={data}
              isFetching={false}
              sort=""
              onSort={() => {}}
              onRowClick={({ id }) => void open(links.request(id))}
            />
          )
        }
      </Asked>
    </Stack>
  );
}

const KNOWN_HERE = ['team_id', 'key_id'];
const COLUMNS = requestColumns({ showOrganization: false }).filter(({ accessor }) => !KNOWN_HERE.includes(String(accessor)));
