import { ActionIcon, Anchor, Indicator, Popover, Stack, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBell } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useCanAnywhere } from '../../api/session.tsx';
import { links } from '../../links.ts';
import { sentenceOf } from '../../pages/alerts/alert-sentence.ts';
import { PageLink } from '../PageLink.tsx';
import { Time } from '../Time.tsx';
import { useFreshAlerts } from './fresh-alerts.ts';
import { words } from './words.ts';

/** Shows recent alerts, with a mark while some are unseen. Only for people who may read usage somewhere. */
export function AlertBell() {
  return useCanAnywhere('usage.read') ? <Bell /> : null;
}

function Bell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const { alerts, isLoaded, isError, fresh, markSeen } = useFreshAlerts();
  const label = fresh === 0 ? words.alerts : words.newAlerts(fresh);
  const look = () => {
    toggle();
    markSeen();
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
      <Popover.Dropdown role="dialog" aria-label={words.newestAlerts}>
        <Stack gap="sm">
          {alerts.length === 0 && (
            <Text fz="sm" c="dimmed">
              {isLoaded ? words.noAlertsYet : isError ? words.alertsNotLoaded : words.loading}
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
            {words.allAlerts}
            <VisuallyHidden>{words.onTheirPage}</VisuallyHidden>
          </Anchor>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
