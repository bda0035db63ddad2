import { Badge, Group, Text, Tooltip } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

type Feature = Schema<'KnownModel'>['features'][number];

const SHOWN = 2;

/** Every feature, as a filter offers them. */
export const FEATURES = Object.entries(words.featureNames).map(([value, label]) => ({ value, label }));

/** The first features of a model, and the number of the others with their names on hover. */
export function Features({ of: features, shown = SHOWN }: { of: readonly Feature[]; shown?: number }) {
  if (features.length === 0)
    return (
      <Text component="span" fz="sm" c="dimmed">
        –
      </Text>
    );
  const names = features.map((feature) => words.featureNames[feature]);
  const more = names.slice(shown);
  return (
    <Group gap={4} wrap={shown > SHOWN ? 'wrap' : 'nowrap'}>
      {names.slice(0, shown).map((name) => (
        <Badge key={name} variant="outline" color="gray" miw="max-content">
          {name}
        </Badge>
      ))}
      {more.length > 0 && (
        <Tooltip label={more.join(', ')}>
          <Text component="span" fz="xs" c="dimmed">
            +{more.length}
          </Text>
        </Tooltip>
      )}
    </Group>
  );
}
