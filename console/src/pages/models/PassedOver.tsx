import { Alert, Anchor, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { here } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { readNotice, writeNotice } from './seen-notice.ts';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

const NAMED_MAX = 5;
const ASKED_MAX = 200;
const NOTICE = 'passed-over';

/** Reads which deployments get only requests with tags. A page that waits for it has no notice come in later and push its list. */
export function usePassedOver() {
  return useQuery({
    queryKey: ['deployments', 'passed-over'],
    queryFn: () =>
      asked(
        api.GET('/deployments', {
          params: { query: queryOf('/deployments', { passed_over: 'true', limit: ASKED_MAX, sort: 'model' }) },
        }),
      ),
  });
}

/**
 * Warns of deployments that get only requests with tags, because another deployment of the same name has none. Versions without
 * tag routing sent them all requests. Once closed, the notice stays hidden in this browser until there is another such
 * deployment.
 */
export function PassedOverNotice() {
  const [state] = useUrlState();
  const [seen, setSeen] = useState(() => readNotice(NOTICE));
  const { data } = usePassedOver();
  const fresh = data?.data.filter(({ id }) => !seen.has(id)) ?? [];
  if (data === undefined || fresh.length === 0 || state.passed_over === 'true') return null;
  const close = () => {
    const all = new Set(data.data.map(({ id }) => id));
    writeNotice(NOTICE, all);
    setSeen(all);
  };
  const count = data.data.length;
  return (
    <Alert
      color="blue"
      withCloseButton
      closeButtonLabel={words.closeThisNotice}
      onClose={close}
      title={count === 1 ? words.oneIsPassedOver : words.countArePassedOver(count, data.next_cursor !== null)}
    >
      <Text fz="sm">{words.passedOverMeans}</Text>
      <Group gap="sm" mt={4}>
        {data.data.slice(0, NAMED_MAX).map((one) => (
          <Anchor
            key={one.id}
            component={Link}
            to={PATHS.deployment.replace('$deploymentId', one.id)}
            fz="sm"
            c="inherit"
            underline="always"
          >
            {nameOf(one)}
          </Anchor>
        ))}
        <Anchor component={PageLink} at={here({ passed_over: 'true' })} fz="sm" fw={500} c="inherit" underline="always">
          {words.showOnlyThese}
        </Anchor>
      </Group>
    </Alert>
  );
}

function nameOf({ model, upstream_model, tags }: Deployment): string {
  return `${model} · ${upstream_model} (${tags.join(', ')})`;
}

/** The same warning on the page of one of these deployments. */
export function PassedOver({ deployment: { passed_over_at: at } }: { deployment: Deployment }) {
  if (at.length === 0) return null;
  return (
    <Alert color="blue" title={words.thisOneIsPassedOver}>
      {words.anotherDeploymentOf} <span className="mono">{at.join(', ')}</span> {words.hasNoTags}
    </Alert>
  );
}
