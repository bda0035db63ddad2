import { Box, Group, Stack, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyText } from '../../../components/CopyText.tsx';
import { labelLimitsWords } from '../../../components/fields/policy-words.ts';
import { wordOf } from '../../../components/StatusBadge.tsx';
import { TagList } from '../../../components/TagList.tsx';
import { Time } from '../../../components/Time.tsx';
import { ChangeButton } from '../ChangeButton.tsx';
import { LifecycleActions } from '../dialog/LifecycleActions.tsx';
import { words } from '../words.ts';
import { ForgetCached } from './ForgetCached.tsx';
import type { TabProps } from './tab.ts';

/** The settings of an organization that rarely change, and the actions that suspend, archive or delete it. */
export function SettingsTab({ organization }: TabProps) {
  const { audit, metadata } = organization;
  const rows: readonly (readonly [string, ReactNode])[] = [
    [words.name, <bdi key="name">{organization.name}</bdi>],
    [words.slug, <CopyText key="slug" text={organization.slug} label={words.theSlug} />],
    [words.id, <CopyText key="id" text={organization.id} label={words.theOrganizationsId} />],
    [words.timeZone, words.zoneMeans(organization.time_zone)],
    [words.defaultTags, <TagList key="default" tags={organization.default_tags} />],
    [words.requiredTags, <TagList key="required" tags={organization.required_tags} />],
    [words.requireEndUser, organization.require_end_user ? words.yes : words.no],
    [words.labelLimits, labelLimitsWords(organization.label_limits)],
    [words.auditContent, wordOf(audit.content)],
    [words.contentKept, daysWords(audit.content_retention_days)],
    [words.requestLogKept, daysWords(audit.event_retention_days)],
    [words.storedResponses, responsesWords(organization)],
    [words.filesAndBatches, batchesWords(organization)],
    [
      words.exactCache,
      <Group key="cache" gap="xs">
        {words.scopeOfCache[organization.cache_scope]}
        {organization.cache_scope !== 'off' && <ForgetCached organization={organization} />}
      </Group>,
    ],
    [words.endUsers, words.storageOfEndUsers[organization.end_users]],
    [words.mirroring, words.choiceOfMirroring[organization.mirroring]],
    [words.created, <Time key="created" at={organization.created_at} />],
    [words.lastChanged, <Time key="updated" at={organization.updated_at} />],
    [words.version, String(organization.version)],
  ];
  return (
    <Stack gap="xl">
      <Box component="section" aria-label={words.settings}>
        <Group gap="xs" justify="flex-end">
          {['identity', 'tags', 'audit', 'responses', 'files', 'cache', 'end_users', 'mirroring'].map((at) => (
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
      <Box component="section" aria-label={words.lifecycle}>
        <Title order={2} mb={4}>
          {words.suspendArchiveDelete}
        </Title>
        <Text fz="sm" c="dimmed" mb="sm">
          {words.lifecycleMeans}
        </Text>
        <Group gap="xs">
          <LifecycleActions organization={organization} />
        </Group>
      </Box>
    </Stack>
  );
}

function responsesWords({ responses_storage: storage, responses_scope: scope }: TabProps['organization']): string {
  return storage === 'off' ? words.storageOfResponses.off : words.keptAndFoundBy(words.scopeOfResponses[scope]);
}

function batchesWords({ batches, files_scope: scope }: TabProps['organization']): string {
  return batches === 'off' ? words.allowanceOfBatches.off : words.batchesFoundBy(words.scopeOfResponses[scope]);
}

function daysWords(days: number | null): string {
  return days === null ? words.forever : words.countDays(days);
}
