import { Badge, Group, Text } from '@mantine/core';

/** Every tag of a list, or a dash. Tags choose among deployments and authorize nothing. */
export function TagList({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  return (
    <Group component="span" gap={4} display="inline-flex">
      {tags.map((tag) => (
        <Badge
          key={tag}
          component="span"
          variant="outline"
          color="gray"
          tt="none"
          maw={220}
          title={tag}
          style={{ flexShrink: 0 }}
        >
          {tag}
        </Badge>
      ))}
    </Group>
  );
}
