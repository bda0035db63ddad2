import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { Named } from '../../components/Named.tsx';
import { words } from './words.ts';

type Copy = NonNullable<Schema<'Decision'>['mirror']>;

/** The copy of a request that a mirror got, or the reason why it got none. */
export function MirrorCopy({ copy }: { copy: Copy }) {
  const { outcome, reason, deployment_id: id, status, took_ms: tookMs, cost } = copy;
  if (id === null) return <Text fz="sm">{words.notMirrored(words.notMirroredBecause[reason ?? ''] ?? reason ?? '')}</Text>;
  const facts = [
    words.copyOutcome[outcome],
    reason,
    status === null ? null : words.copyStatus(status),
    tookMs === null ? null : words.copyTook(tookMs),
    cost === null ? null : words.copyCost(cost),
  ].filter((fact) => fact !== null);
  return (
    <Text fz="sm">
      {words.mirroredTo} <Named id={id} />: {facts.join(', ')}
    </Text>
  );
}
