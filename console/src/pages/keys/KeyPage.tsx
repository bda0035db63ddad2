import { Anchor, Group, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Permission } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { useLimitsStatus } from '../../components/limits/LimitGauges.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { KeyAccess } from './KeyAccess.tsx';
import { KeyActions } from './KeyActions.tsx';
import { KeyOverview } from './KeyOverview.tsx';
import { KeyRequests } from './KeyRequests.tsx';
import { KeyStatus } from './key-columns.tsx';
import { words } from './words.ts';

/** The tabs of the page. A tab that a person may not read is hidden. */
const TABS: readonly { readonly value: string; readonly label: string; readonly needs: Permission }[] = [
  { value: 'overview', label: words.overview, needs: 'teams.read' },
  { value: 'access', label: words.whatCanItCall, needs: 'teams.read' },
  { value: 'requests', label: words.requests, needs: 'usage.read' },
];

/** One key: its facts, its limits and their use, what it can call, and its requests. */
export function KeyPage() {
  const { keyId } = useParams({ strict: false }) as { keyId: string };
  const key = useQuery({
    queryKey: ['keys', 'one', keyId],
    queryFn: () => asked(api.GET('/keys/{id}', { params: { path: { id: keyId } } })),
  });
  return (
    <Asked shape="page" query={key}>
      {(read) => <Shown of={read} />}
    </Asked>
  );
}

function Shown({ of: key }: { of: Schema<'Key'> }) {
  const live = useLimitsStatus('keys', key.id, key.limits_status);
  const tabs = TABS.filter(({ needs }) => key.capabilities.includes(needs));
  const [tab, choose] = useTab(tabs);
  return (
    <Page
      title={key.name}
      beside={<KeyStatus of={key} live={live.status} />}
      crumbs={[{ label: words.apiKeys, to: PATHS.keys }]}
      about={
        <Group gap="xs">
          <CopyText text={key.id} label={words.theKeysId} />
          <span>
            {words.ofTeam}{' '}
            <Anchor component={PageLink} at={links.team(key.team_id)} inherit>
              <bdi>{key.team_name}</bdi>
            </Anchor>{' '}
            {words.inOrganization}{' '}
            <Anchor component={PageLink} at={links.organization(key.organization_id)} inherit>
              <bdi>{key.organization_name}</bdi>
            </Anchor>
          </span>
        </Group>
      }
      actions={<KeyActions of={key} />}
    >
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <TabStrip tabs={tabs} value={tab} />
        <Tabs.Panel value="overview">
          <KeyOverview of={key} live={live} />
        </Tabs.Panel>
        <Tabs.Panel value="access">
          <KeyAccess keyId={key.id} />
        </Tabs.Panel>
        <Tabs.Panel value="requests">
          <KeyRequests keyId={key.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
