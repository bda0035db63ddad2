import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import { CanaryFields } from './CanaryFields.tsx';
import type { DetourDraft } from './detours.ts';
import { words } from './words.ts';

interface DetourPickersProps {
  /** The model or route group itself, which cannot be chosen. */
  readonly of: string;
  /** The ids of its deployments, among which a canary can be. */
  readonly deploymentIds: readonly string[];
  readonly value: DetourDraft;
  readonly onChange: (part: Partial<DetourDraft>) => void;
  readonly errorOf?: (field: keyof DetourDraft) => string | undefined;
  readonly disabled?: boolean;
}

/** Chooses the targets for requests that a model or a route group cannot serve, its canary and its mirror, for a model and for a route group. */
export function DetourPickers({ of, deploymentIds, value, onChange, errorOf, disabled = false }: DetourPickersProps) {
  const list = (field: 'context_fallbacks' | 'policy_fallbacks') => ({
    without: [of],
    value: value[field],
    onChange: (names: string[]) => onChange({ [field]: names }),
    error: errorOf?.(field),
    disabled,
  });
  return (
    <>
      <TargetsPicker label={words.contextFallbacks} description={words.contextFallbacksMean} {...list('context_fallbacks')} />
      <TargetsPicker label={words.policyFallbacks} description={words.policyFallbacksMean} {...list('policy_fallbacks')} />
      <CanaryFields
        of="canary"
        deploymentIds={deploymentIds}
        value={value.canary}
        onChange={(canary) => onChange({ canary })}
        error={errorOf?.('canary')}
        disabled={disabled}
      />
      <CanaryFields
        of="mirror"
        deploymentIds={deploymentIds}
        value={value.mirror}
        onChange={(mirror) => onChange({ mirror })}
        error={errorOf?.('mirror')}
        disabled={disabled}
      />
    </>
  );
}
