import { Box, Group, Stack, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyText } from '../../../components/CopyText.tsx';
import { wordOf } from '../../../components/StatusBadge.tsx';
import { TagList } from '../../../components/TagList.tsx';
import { Time } from '../../../components/Time.tsx';
import { ChangeButton } from '../ChangeButton.tsx';
import { LifecycleActions } from '../dialog/LifecycleActions.tsx';
import type { TabProps } from './tab.ts';

/** The settings of an organization that rarely change, and the actions that suspend, archive or delete it. */
export function SettingsTab({ organization }: TabProps) {
  const { audit, metadata } = organization;
  const rows: readonly (readonly [string, ReactNode])[] = [
    ['Name', <bdi key="name">{organization.name}</bdi>],
    ['Slug', <CopyText key="slug" text={organization.slug} label="the slug" />],
    ['Id', <CopyText key="id" text={organization.id} label="the organization’s id" />],
    ['Time zone', `${organization.time_zone} (days and budget periods begin at midnight there)`],
    ['Default tags', <TagList key="default" tags={organization.default_tags} />],
    ['Required tags', <TagList key="required" tags={organization.required_tags} />],
    ['Audit content', wordOf(audit.content)],
    ['Content kept', daysWords(audit.content_retention_days)],
    ['Request log kept', daysWords(audit.event_retention_days)],
    ['Created', <Time key="created" at={organization.created_at} />],
    ['Last changed', <Time key="updated" at={organization.updated_at} />],
    ['Version', String(organization.version)],
  ];
  return (
    <Stack gap="xl">
      <Box component="section" aria-label="Settings">
        <Group gap="xs" justify="flex-end">
          {['identity', 'tags', 'audit'].map((at) => (
            <ChangeButton key={at} organization={organization} at={at} isNamed />
          ))}
        </Group>
        <Table withRowBorders={false} verticalSpacing={4} layout="fixed">
          <Table.Tbody>
            {rows.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th w={{ base: 120, xs: 180 }} fw={400} c="dimmed" scope="row">
                  {name}
                </Table.Th>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
              </Table.Tr>
            ))}
            {Object.entries(metadata ?? {}).map(([name, value]) => (
              <Table.Tr key={`metadata ${name}`}>
                <Table.Th w={{ base: 120, xs: 180 }} fw={400} c="dimmed" scope="row" className="mono">
                  {name}
                </Table.Th>
                <Table.Td className="mono" style={{ overflowWrap: 'anywhere' }}>
                  {typeof value === 'string' ? value : JSON.stringify(value)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Box>
      <Box component="section" aria-label="Lifecycle">
        <Title order={2} mb={4}>
          Suspend, archive, delete
        </Title>
        <Text fz="sm" c="dimmed" mb="sm">
          A suspended organization keeps everything, but its requests are refused. An archived organization can be reactivated or
          deleted permanently. Its ledger, request metadata and audit events are kept even then.
        </Text>
        <Group gap="xs">
          <LifecycleActions organization={organization} />
        </Group>
      </Box>
    </Stack>
  );
}

function daysWords(days: number | null): string {
  return days === null ? 'Forever' : `${days} days`;
}
