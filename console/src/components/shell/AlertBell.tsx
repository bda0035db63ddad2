import { ActionIcon, Anchor, Indicator, Popover, Stack, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { IconBell } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { useCanAnywhere, useSession } from '../../api/session.tsx';
import { links } from '../../links.ts';
import { sentenceOf } from '../../pages/alerts/words.ts';
import { PageLink } from '../PageLink.tsx';
import { Time } from '../Time.tsx';

const SHOWN = 8;
const REFETCH_MS = 30_000;

/** Shows recent alerts, with a mark while some are unseen. Only for people who may read usage somewhere. */
export function AlertBell() {
  return useCanAnywhere('usage.read') ? <Bell /> : null;
}

function Bell() {
  const { account } = useSession();
  const [opened, { toggle, close }] = useDisclosure(false);
  // Stored in this browser for this person. Alert ids sort by age.
  const [seen, setSeen] = useLocalStorage({ key: `headgate-alerts-seen-${account.id}`, defaultValue: '' });
  const { data, isError } = useQuery({
    queryKey: ['alerts', 'newest'],
    queryFn: () => asked(api.GET('/alerts', { params: { query: { limit: SHOWN } } })),
    refetchInterval: REFETCH_MS,
  });
  const alerts = data?.data ?? [];
  const fresh = alerts.filter(({ id }) => id > seen).length;
  const label = fresh === 0 ? 'Alerts' : `Alerts, ${fresh} new`;
  const look = () => {
    toggle();
    const newest = alerts[0]?.id;
    if (newest !== undefined) setSeen(newest);
  };
  return (
    <Popover opened={opened} onChange={close} position="bottom-end" width={360} trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Tooltip label={label} disabled={opened}>
          <Indicator disabled={fresh === 0} color="red" size={8} offset={5} processing={false}>
            <ActionIcon variant="subtle" color="gray" aria-label={label} aria-expanded={opened} onClick={look}>
              <IconBell size={18} />
            </ActionIcon>
          </Indicator>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Newest alerts">
        <Stack gap="sm">
          {alerts.length === 0 && (
            <Text fz="sm" c="dimmed">
              {data !== undefined
                ? 'No alerts yet. An alert appears here when spend passes a threshold of a budget.'
                : isError
                  ? 'The alerts could not be loaded. They are requested again every 30 seconds.'
                  : 'Loading…'}
            </Text>
          )}
          {alerts.map((alert) => {
            const { text, to } = sentenceOf(alert);
            return (
              <div key={alert.id}>
                <Anchor component={Link} to={to} fz="sm" onClick={close}>
                  <bdi>{text}</bdi>
                </Anchor>
                <Text fz="xs" c="dimmed">
                  <Time at={alert.occurred_at} relative />
                </Text>
              </div>
            );
          })}
          <Anchor component={PageLink} at={links.alerts()} fz="sm" onClick={close}>
            All alerts<VisuallyHidden> on their page</VisuallyHidden>
          </Anchor>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
