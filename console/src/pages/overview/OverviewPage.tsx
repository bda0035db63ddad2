import { Alert, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { type Session, useCanAnywhere, useSession } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { RangePicker, rangeOf, viewersZone } from '../../components/fields/RangePicker.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Named } from '../../components/Named.tsx';
import { FiguresShape } from '../../components/Skeletons.tsx';
import { disabledIn } from '../../components/shell/DisabledEverywhere.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { useScope } from '../../components/shell/scope.ts';
import { Course } from './Course.tsx';
import { Budgets, Providers } from './Health.tsx';
import { Numbers } from './Numbers.tsx';
import { OwnKeys } from './OwnKeys.tsx';
import { WithSetupCard } from './SetupCard.tsx';
import { Tops } from './Tops.tsx';
import { words } from './words.ts';

const STANDARD = '7d';
const REFRESH_MS = 15_000;

/** The state of the gateway at a glance, or of the part of it that this person may see. */
export function OverviewPage() {
  const session = useSession();
  const [scope] = useScope();
  const mayReadUsage = useCanAnywhere('usage.read');
  const isOfPlatform = session.platform_capabilities.includes('usage.read');
  return (
    <Page
      title={words.overview}
      about={scope === undefined ? placeOf(session) : <Named id={scope} />}
      actions={mayReadUsage && <RangePicker standard={STANDARD} />}
    >
      <WithSetupCard>
        {session.memberships.some(({ teams }) => teams.length > 0) && <OwnKeys session={session} />}
        {mayReadUsage ? <Figures isOfPlatform={isOfPlatform} /> : <Alert color="gray">{words.roleShowsNoSpend}</Alert>}
      </WithSetupCard>
    </Page>
  );
}

function Figures({ isOfPlatform }: { isOfPlatform: boolean }) {
  const [state] = useUrlState();
  const { from, to } = rangeOf(state, STANDARD);
  const question = {
    ...(state.organization_id === undefined ? {} : { organization_id: state.organization_id }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    time_zone: viewersZone(),
  };
  const query = useQuery({
    queryKey: ['overview', state.organization_id, question],
    queryFn: () => asked(api.GET('/overview', { params: { query: question } })),
    placeholderData: keptWithin(['overview', state.organization_id]),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Asked query={query} skeleton={<FiguresShape />}>
      {(overview) => (
        <Stack gap="xl">
          <Numbers overview={overview} organizationId={state.organization_id} />
          <Course overview={overview} />
          <Tops overview={overview} showOrganizations={isOfPlatform && state.organization_id === undefined} />
          <Budgets overview={overview} />
          {isOfPlatform && <Providers overview={overview} />}
        </Stack>
      )}
    </Asked>
  );
}

function placeOf({ platform_role, memberships, disabled_in }: Session): string {
  if (platform_role !== null) return words.everyOrganization;
  if (memberships.length > 0) return memberships.map(({ organization_name }) => organization_name).join(', ');
  return disabled_in.length > 0 ? disabledIn(disabled_in) : words.inNoOrganization;
}
