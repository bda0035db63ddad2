import { Anchor, Box, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { words } from './words.ts';

interface Crumb {
  readonly label: string;
  readonly to: string;
}

interface PageProps {
  readonly title: string;
  /** Content beside the title, such as a status or a total. */
  readonly beside?: ReactNode;
  /** A line below the title. */
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly crumbs?: readonly Crumb[];
  /** True to keep the head to one line: the breadcrumbs stand before a smaller title, and `about` is left out. */
  readonly isCompact?: boolean;
  readonly children: ReactNode;
}

/** The frame of every page. Sets the window's title, and shows the breadcrumbs, the title and the actions above the content. */
export function Page({ title, beside, about, actions, crumbs = [], isCompact = false, children }: PageProps) {
  useEffect(() => {
    document.title = words.windowTitle(title);
  }, [title]);
  return (
    <Stack gap="lg">
      {crumbs.length > 0 && !isCompact && (
        <Breadcrumbs separatorMargin={6} fz="sm">
          {links(crumbs)}
          <Text fz="sm" c="dimmed">
            {title}
          </Text>
        </Breadcrumbs>
      )}
      <Group justify="space-between" align={isCompact ? 'center' : 'flex-start'} gap="sm">
        <Box miw={0} style={{ flex: '1 1 320px' }}>
          <Group gap="sm">
            {isCompact && (
              <Breadcrumbs separatorMargin={6} mr={-6} fz="sm">
                {[...links(crumbs), <span key="" />]}
              </Breadcrumbs>
            )}
            <Title order={1} {...(isCompact && { fz: 'md', lh: 1.4 })} style={{ overflowWrap: 'anywhere' }}>
              {title}
            </Title>
            {beside}
          </Group>
          {about !== undefined && !isCompact && (
            <Text c="dimmed" fz="sm" mt={2} component="div">
              {about}
            </Text>
          )}
        </Box>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

function links(crumbs: readonly Crumb[]) {
  return crumbs.map(({ label, to }) => (
    <Anchor key={to} component={Link} to={to} fz="sm" fw={400} c="dimmed">
      {label}
    </Anchor>
  ));
}
