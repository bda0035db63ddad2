import { Anchor, Grid, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../../api/client.ts';
import { Asked } from '../../../components/Asked.tsx';
import { GroupedCourse } from '../../../components/charts/GroupedCourse.tsx';
import { Named } from '../../../components/Named.tsx';
import { PageLink } from '../../../components/PageLink.tsx';
import { Section } from '../../../components/Section.tsx';
import { Awaited } from '../../../components/Skeletons.tsx';
import { Time } from '../../../components/Time.tsx';
import { links } from '../../../links.ts';
import { Money } from '../../../numbers/Money.tsx';
import { words } from '../words.ts';
import { SpendRanking } from './SpendRanking.tsx';
import type { TabProps } from './tab.ts';
import { dearestFirst, useUsage } from './usage-query.ts';

const REFUSALS_SHOWN = 5;
const MODEL = { label: words.model, field: 'model' };
const NOTHING_SPENT = words.nothingSpent;

/** The spend of an organization by model and by team, and recent refusals with their reasons. */
export function OverviewTab({ organization }: TabProps) {
  const maySeeUsage = organization.capabilities.includes('usage.read');
  if (!maySeeUsage) {
    return (
      <Text fz="sm" c="dimmed">
        {words.roleShowsNoSpend}
      </Text>
    );
  }
  return (
    <Stack gap="xl">
      <SpendByModel organization={organization} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <TeamsBySpend organization={organization} />
        <Refusals organization={organization} />
      </SimpleGrid>
    </Stack>
  );
}

function SpendByModel({ organization }: Pick<TabProps, 'organization'>) {
  const byModel = useUsage(organization.id, { group_by: 'model' });
  const byDay = useUsage(organization.id, { group_by: 'model', interval: 'day' });
  return (
    <Section title={words.spendByModel}>
      <Asked query={byModel} shape="chart">
        {({ data, total }) => (
          <Grid gap="lg">
            <Grid.Col span={{ base: 12, md: 8 }}>
              <Asked query={byDay} shape="chart">
                {(usage) => (
                  <GroupedCourse usage={usage} lines={dearestFirst(data)} group={MODEL} metric="spend" interval="day" />
                )}
              </Asked>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 4 }}>
              <Text fz="xl" fw={600} lh={1} mb="sm">
                <Money usd={total.spend} />
              </Text>
              <SpendRanking rows={data} by="model" empty={NOTHING_SPENT} />
            </Grid.Col>
          </Grid>
        )}
      </Asked>
    </Section>
  );
}

function TeamsBySpend({ organization }: Pick<TabProps, 'organization'>) {
  const byTeam = useUsage(organization.id, { group_by: 'team' });
  return (
    <Section title={words.teamsBySpend}>
      <Asked query={byTeam}>{({ data }) => <SpendRanking rows={data} by="team" empty={NOTHING_SPENT} />}</Asked>
    </Section>
  );
}

function Refusals({ organization }: Pick<TabProps, 'organization'>) {
  const refused = useQuery({
    queryKey: ['organization', organization.id, 'refusals'],
    queryFn: () =>
      asked(
        api.GET('/requests', {
          params: { query: { organization_id: organization.id, status: 'refused', limit: REFUSALS_SHOWN } },
        }),
      ),
    refetchInterval: 10_000,
  });
  return (
    <Section title={words.recentRefusals}>
      <Asked query={refused}>
        {({ data }) =>
          data.length === 0 ? (
            <Text fz="sm" c="dimmed">
              {words.noRequestWasRefused}
            </Text>
          ) : (
            <Stack gap="sm">
              {data.map((request) => (
                <Refusal key={request.id} request={request} />
              ))}
              <Anchor component={PageLink} at={links.requests({ organization_id: organization.id, status: 'refused' })} fz="sm">
                {words.allRefusedRequests}
              </Anchor>
            </Stack>
          )
        }
      </Asked>
    </Section>
  );
}

/** A refusal with its reason in one sentence, from its decision. */
function Refusal({ request }: { request: Schema<'Request'> }) {
  const decision = useQuery({
    queryKey: ['decision', request.id],
    queryFn: () => asked(api.GET('/decisions/{request_id}', { params: { path: { request_id: request.id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (decision.isPending) return <Awaited shape="nothing" />;
  return (
    <div>
      <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {decision.data?.sentence ?? request.code ?? words.refused}
      </Text>
      <Text fz="xs" c="dimmed" component="div">
        <Anchor component={PageLink} at={links.request(request.id)} fz="xs">
          <Time at={request.time} relative />
        </Anchor>{' '}
        · <Named id={request.key_id} />
        {request.count > 1 && words.times(request.count)}
      </Text>
    </div>
  );
}
