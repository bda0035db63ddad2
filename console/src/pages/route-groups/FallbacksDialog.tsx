import { firstErrorOf } from '../../api/field-errors.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import { CacheInput } from './CacheInput.tsx';
import { inOrderWords } from './detours.ts';
import type { RouteGroup } from './policy.ts';
import { StickySwitch } from './StickySwitch.tsx';
import { words } from './words.ts';

type FallbacksDraft = Pick<RouteGroup, 'fallbacks' | 'sticky' | 'cache_seconds'>;

interface FallbacksDialogProps {
  readonly group: RouteGroup;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Edits the fallbacks of a route group, which serve if every member fails, and whether its sessions are sticky. */
export function FallbacksDialog({ group, opened, onClose }: FallbacksDialogProps) {
  return (
    <EditDialog<RouteGroup, FallbacksDraft>
      opened={opened}
      onClose={onClose}
      title={words.fallbacksOf(group.key)}
      size="lg"
      what={words.thisRouteGroup}
      path={`/route-groups/${group.id}`}
      verb={words.save}
      done={words.groupWasChanged(group.key)}
      draftOf={({ fallbacks, sticky, cache_seconds }) => ({ fallbacks, sticky, cache_seconds })}
      parts={PARTS}
      invalidates={['route-group', 'route-groups', 'callable-targets']}
    >
      {(form) => (
        <>
          <TargetsPicker
            label={words.fallbacksInOrder}
            description={words.fallbacksMean}
            without={[group.key]}
            value={form.values.fallbacks}
            onChange={(fallbacks) => form.setFieldValue('fallbacks', fallbacks)}
            error={firstErrorOf(form.errors, 'fallbacks')}
          />
          <StickySwitch input={form.getInputProps('sticky', { type: 'checkbox' })} />
          <CacheInput input={form.getInputProps('cache_seconds')} />
        </>
      )}
    </EditDialog>
  );
}

const PARTS: readonly EditPart<FallbacksDraft>[] = [
  {
    name: 'fallbacks',
    label: words.fallbacks,
    hasEffect: true,
    words: ({ fallbacks }) => inOrderWords(fallbacks),
  },
  { name: 'sticky', label: words.sticky, words: ({ sticky }) => (sticky ? words.on : words.off) },
  {
    name: 'cache_seconds',
    label: words.cachedAnswers,
    words: ({ cache_seconds: seconds }) => (seconds === null ? words.notCached : words.cachedFor(seconds)),
  },
];
