import { api, asked, askedWithETag, ifMatch } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import type { RouteGroup } from './policy.ts';

type FallbacksDraft = Pick<RouteGroup, 'fallbacks'>;

interface FallbacksDialogProps {
  readonly group: RouteGroup;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Edits the fallbacks of a route group, which serve if every member fails. */
export function FallbacksDialog({ group, opened, onClose }: FallbacksDialogProps) {
  const path = { id: group.id };
  return (
    <EditDialog<RouteGroup, FallbacksDraft>
      opened={opened}
      onClose={onClose}
      title={`Fallbacks of ${group.key}`}
      size="lg"
      what="This route group"
      path={`/route-groups/${group.id}`}
      verb="Save fallbacks"
      done={`The fallbacks of ${group.key} were changed.`}
      read={() => askedWithETag(api.GET('/route-groups/{id}', { params: { path } }))}
      draftOf={({ fallbacks }) => ({ fallbacks })}
      parts={PARTS}
      invalidates={['route-group', 'route-groups', 'callable-targets']}
      save={(body, etag) => asked(api.PATCH('/route-groups/{id}', { params: { path, header: ifMatch(etag) }, body }))}
    >
      {(form) => (
        <TargetsPicker
          label="Fallbacks, in order"
          description="Tried if all members failed, and only if the caller may call them."
          without={[group.key]}
          value={form.values.fallbacks}
          onChange={(fallbacks) => form.setFieldValue('fallbacks', fallbacks)}
          error={firstErrorOf(form.errors, 'fallbacks')}
        />
      )}
    </EditDialog>
  );
}

const PARTS: readonly EditPart<FallbacksDraft>[] = [
  {
    name: 'fallbacks',
    label: 'Fallbacks',
    hasEffect: true,
    words: ({ fallbacks }) => (fallbacks.length === 0 ? 'none' : fallbacks.join(' → ')),
  },
];
