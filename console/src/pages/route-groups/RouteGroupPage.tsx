import { Anchor, Stack, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Facts } from '../../components/Facts.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { PATHS } from '../../paths.ts';
import { LabelsDialog } from '../access-groups/LabelsDialog.tsx';
import { GroupLinks } from '../models/cells.tsx';
import { CanaryText } from './CanaryText.tsx';
import { inOrderWords } from './detours.ts';
import { FallbacksDialog } from './FallbacksDialog.tsx';
import { MemberTable } from './MemberTable.tsx';
import { PolicyEditor } from './PolicyEditor.tsx';
import { PolicyHistory } from './PolicyHistory.tsx';
import type { RouteGroup } from './policy.ts';
import { words } from './words.ts';

/** One route group: its present members, its policy with a simulation, and the published versions. */
export function RouteGroupPage() {
  const { routeGroupId } = useParams({ strict: false }) as { routeGroupId: string };
  const group = useQuery({
    queryKey: ['route-group', routeGroupId],
    queryFn: () => asked(api.GET('/route-groups/{id}', { params: { path: { id: routeGroupId } } })),
  });
  return (
    <Asked shape="page" query={group}>
      {(found) => <Found group={found} />}
    </Asked>
  );
}

function Found({ group }: { group: RouteGroup }) {
  return (
    <Page
      title={group.key}
      crumbs={[{ label: words.routeGroups, to: PATHS.routeGroups }]}
      about={<CopyText text={group.id} label={words.id} />}
      actions={<Actions group={group} />}
    >
      <Facts
        facts={[
          [words.strategy, wordOf(group.strategy)],
          [words.sticky, group.sticky ? words.on : words.off],
          [words.cachedAnswers, group.cache_seconds === null ? words.notCached : words.cachedFor(group.cache_seconds)],
          [words.fallbacks, inOrderWords(group.fallbacks)],
          [words.contextFallbacks, inOrderWords(group.context_fallbacks)],
          [words.policyFallbacks, inOrderWords(group.policy_fallbacks)],
          [words.canary, <CanaryText key="canary" canary={group.canary} />],
          [words.mirror, <CanaryText key="mirror" canary={group.mirror} />],
          [words.accessGroups, <GroupLinks key="groups" groups={group.access_groups} />],
          [
            words.whoCanCallIt,
            <Anchor
              key="who"
              component={Link}
              to={`${PATHS.accessExplorer}?ask=target&target=${encodeURIComponent(group.key)}`}
              fz="sm"
            >
              {words.accessExplorer}
            </Anchor>,
          ],
          [words.created, <Time key="created" at={group.created_at} />],
          [words.changed, <Time key="updated" at={group.updated_at} relative />],
        ]}
      />
      <Stack gap="xs">
        <Title order={2}>{words.membersNow}</Title>
        <MemberTable group={group} />
      </Stack>
      <PolicyEditor key={group.id} group={group} />
      <PolicyHistory group={group} />
    </Page>
  );
}

function Actions({ group }: { group: RouteGroup }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState<'labels' | 'fallbacks' | 'delete' | null>(null);
  const mayManage = verdictOf('catalogue.manage', group);
  const close = () => setOpen(null);
  return (
    <>
      <GuardedButton variant="default" verdict={mayManage} onClick={() => setOpen('labels')}>
        {words.accessGroups}
      </GuardedButton>
      <GuardedButton variant="default" verdict={mayManage} onClick={() => setOpen('fallbacks')}>
        {words.fallbacksAndSessions}
      </GuardedButton>
      <GuardedButton variant="default" c="red" verdict={mayManage} onClick={() => setOpen('delete')}>
        {words.delete}
      </GuardedButton>
      <LabelsDialog name={group.key} opened={open === 'labels'} onClose={close} />
      <FallbacksDialog group={group} opened={open === 'fallbacks'} onClose={close} />
      <ConfirmByName
        opened={open === 'delete'}
        onClose={close}
        title={words.deleteRouteGroup}
        name={group.key}
        verb={words.deleteRouteGroup}
        consequences={[words.noOneCanCall, words.grantsAreKept, words.policiesAreDeleted]}
        effect={() => effectOf('DELETE', `/route-groups/${group.id}`)}
        action={async () => {
          await asked(api.DELETE('/route-groups/{id}', { params: { path: { id: group.id } } }));
          saved(words.wasDeleted(group.key));
          await navigate({ to: PATHS.routeGroups });
          await queryClient.invalidateQueries({ queryKey: ['route-groups'] });
        }}
      />
    </>
  );
}
