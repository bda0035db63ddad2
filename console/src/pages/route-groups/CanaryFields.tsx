import { Group, NumberInput, Select } from '@mantine/core';
import { TargetPicker } from '../../components/fields/TargetPicker.tsx';
import type { CanaryDraft } from './detours.ts';
import { deploymentName } from './policy.ts';
import { useDeployments } from './useDeployments.ts';
import { words } from './words.ts';

interface CanaryFieldsProps {
  /** The kind of share that is edited. */
  readonly of: 'canary' | 'mirror';
  /** The deployments to choose among. */
  readonly deploymentIds: readonly string[];
  readonly value: CanaryDraft | null;
  readonly onChange: (canary: CanaryDraft | null) => void;
  readonly error: string | undefined;
  readonly disabled: boolean;
}

const NO_CANARY = '';
const AT_TARGET = 'target';

const WORDS = {
  canary: {
    label: words.canary,
    about: words.canaryMeans,
    none: words.noCanary,
    target: words.canaryTarget,
    share: words.canaryShare,
  },
  mirror: {
    label: words.mirror,
    about: words.mirrorMeans,
    none: words.noMirror,
    target: words.mirrorTarget,
    share: words.mirrorShare,
  },
} as const;

/** Edits a canary or a mirror: its place, which is a deployment or another target, and its share. */
export function CanaryFields({ of, deploymentIds, value, onChange, error, disabled }: CanaryFieldsProps) {
  const said = WORDS[of];
  const deployments = useDeployments(deploymentIds);
  const nameOf = (id: string) => {
    const deployment = deployments.get(id);
    return deployment === undefined ? id : deploymentName(deployment);
  };
  const percent = value?.percent ?? 1;
  const place = value === null ? NO_CANARY : (value.deployment_id ?? AT_TARGET);
  const known = [...new Set([...deploymentIds, ...(value?.deployment_id ? [value.deployment_id] : [])])].filter(
    (id) => id !== '',
  );
  const choose = (chosen: string | null) => {
    if (chosen === null || chosen === NO_CANARY) onChange(null);
    else if (chosen === AT_TARGET) onChange({ deployment_id: null, target: '', percent });
    else onChange({ deployment_id: chosen, target: null, percent });
  };
  return (
    <Group align="start" gap="sm">
      <Select
        label={said.label}
        description={said.about}
        flex={2}
        miw={260}
        allowDeselect={false}
        disabled={disabled}
        data={[
          { value: NO_CANARY, label: said.none },
          ...known.map((id) => ({ value: id, label: nameOf(id) })),
          { value: AT_TARGET, label: words.anotherTarget },
        ]}
        value={place}
        onChange={choose}
        error={error}
      />
      {place === AT_TARGET && (
        <TargetPicker
          label={said.target}
          w={220}
          disabled={disabled}
          value={value?.target === '' ? null : (value?.target ?? null)}
          onChange={(name) => onChange({ deployment_id: null, target: name ?? '', percent })}
        />
      )}
      {value !== null && (
        <NumberInput
          label={said.share}
          w={140}
          min={0}
          max={100}
          step={0.1}
          decimalScale={1}
          suffix=" %"
          disabled={disabled}
          value={percent}
          onChange={(typed) => onChange({ ...value, percent: typeof typed === 'number' ? typed : 0 })}
        />
      )}
    </Group>
  );
}
