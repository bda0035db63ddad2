import { Group, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { TableScroll } from '../list/TableScroll.tsx';
import { Named } from '../Named.tsx';
import { TagList } from '../TagList.tsx';
import { words } from './words.ts';

type Tags = NonNullable<Schema<'Decision'>['tags']>;

/** Shows the tags of a request, and the deployments that they left of each target. */
export function DecisionTags({ tags }: { tags: Tags }) {
  return (
    <Stack gap={6} component="section" aria-label={words.tags}>
      <Group gap="md">
        <Text fz="sm" fw={500}>
          {words.tags}
        </Text>
        <Of name={words.namedByRequest} tags={tags.asked} />
        {tags.defaults.length > 0 && <Of name={words.defaultBecause} tags={tags.defaults} />}
        {tags.required.length > 0 && <Of name={words.required} tags={tags.required} />}
      </Group>
      {tags.targets.length > 0 && <Targets targets={tags.targets} />}
    </Stack>
  );
}

function Targets({ targets }: Pick<Tags, 'targets'>) {
  return (
    <TableScroll minWidth={480}>
      <Table withTableBorder fz="sm" verticalSpacing={5} aria-label={words.deploymentsThatMatchTheTags}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.target}</Table.Th>
            <Table.Th>{words.chosenBy}</Table.Th>
            <Table.Th>{words.matchingDeployments}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {targets.map((target) => (
            <Table.Tr key={target.target}>
              <Table.Td className="mono">{target.target}</Table.Td>
              <Table.Td>{chosenBy(target)}</Table.Td>
              <Table.Td>{left(target)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function Of({ name, tags }: { name: string; tags: readonly string[] }) {
  return (
    <Group gap={6}>
      <Text fz="xs" c="dimmed">
        {name}
      </Text>
      <TagList tags={tags} />
    </Group>
  );
}

function chosenBy({ routed, deployments }: Tags['targets'][number]): ReactNode {
  if (routed.length > 0) return <TagList tags={routed} />;
  return deployments.length > 0 ? words.noTagsDeploymentsWithoutTags : words.noDeploymentHasAll;
}

function left({ deployments }: Tags['targets'][number]): ReactNode {
  if (deployments.length === 0)
    return (
      <Text component="span" inherit c="red">
        {words.none}
      </Text>
    );
  return (
    <Group gap="sm">
      {deployments.map((id) => (
        <Named key={id} id={id} />
      ))}
    </Group>
  );
}
