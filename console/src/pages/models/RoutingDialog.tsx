import { Select } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import { CacheInput } from '../route-groups/CacheInput.tsx';
import { DetourPickers } from '../route-groups/DetourPickers.tsx';
import { type DetourDraft, detourDraft, detourParts, inOrderWords } from '../route-groups/detours.ts';
import { STRATEGIES, strategyWords } from '../route-groups/policy.ts';
import { StickySwitch } from '../route-groups/StickySwitch.tsx';
import { words } from './words.ts';

type Model = Schema<'Model'>;
type RoutingDraft = Pick<Model, 'strategy' | 'sticky' | 'cache_seconds' | 'fallbacks'> & DetourDraft;

const FALLBACKS_MAX = 16;

interface RoutingDialogProps {
  readonly model: Model;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Edits how a model chooses among its deployments, and its fallbacks if all of them fail. */
export function RoutingDialog({ model, opened, onClose }: RoutingDialogProps) {
  return (
    <EditDialog<Model, RoutingDraft>
      opened={opened}
      onClose={onClose}
      title={words.routingOf(model.name)}
      size="lg"
      what={words.thisRouting}
      path={`/models/${encodeURIComponent(model.name)}`}
      draftOf={({ strategy, sticky, cache_seconds, fallbacks, ...model }) => ({
        ...{ strategy, sticky, cache_seconds, fallbacks },
        ...detourDraft(model),
      })}
      parts={PARTS}
      invalidates={['model', 'models', 'callable-targets']}
    >
      {(form) => (
        <>
          <Select label={words.strategy} allowDeselect={false} data={[...STRATEGIES]} {...form.getInputProps('strategy')} />
          <StickySwitch input={form.getInputProps('sticky', { type: 'checkbox' })} />
          <CacheInput input={form.getInputProps('cache_seconds')} />
          <TargetsPicker
            label={words.fallbacksInOrder}
            description={words.fallbacksMean}
            mode={model.mode}
            without={[model.name]}
            max={FALLBACKS_MAX}
            value={form.values.fallbacks}
            onChange={(fallbacks) => form.setFieldValue('fallbacks', fallbacks)}
            error={firstErrorOf(form.errors, 'fallbacks')}
          />
          <DetourPickers
            of={model.name}
            deploymentIds={model.deployment_ids}
            value={form.values}
            onChange={(part) => form.setValues(part)}
            errorOf={(field) => firstErrorOf(form.errors, field)}
          />
        </>
      )}
    </EditDialog>
  );
}

const PARTS: readonly EditPart<RoutingDraft>[] = [
  {
    name: 'strategy',
    label: words.strategy,
    words: ({ strategy }) => strategyWords(strategy),
  },
  { name: 'sticky', label: words.sticky, words: ({ sticky }) => (sticky ? words.on : words.off) },
  {
    name: 'cache_seconds',
    label: words.cachedAnswers,
    words: ({ cache_seconds: seconds }) => (seconds === null ? words.notCached : words.cachedFor(seconds)),
  },
  {
    name: 'fallbacks',
    label: words.fallbacks,
    hasEffect: true,
    words: ({ fallbacks }) => inOrderWords(fallbacks),
  },
  ...detourParts<RoutingDraft>((id) => id),
];
