import type { Preset } from '../../api/presets.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { PresetFields } from './PresetFields.tsx';
import { bodyOf, draftOf, faultsOf, type PresetDraft, wiresOf } from './preset-draft.ts';
import { words } from './words.ts';

interface EditPresetDialogProps {
  readonly preset: Pick<Preset, 'id' | 'name'>;
  readonly onClose: () => void;
}

/** Changes a preset that was added here. */
export function EditPresetDialog({ preset, onClose }: EditPresetDialogProps) {
  return (
    <EditDialog<Preset, PresetDraft>
      opened
      onClose={onClose}
      title={words.editNamed(preset.name)}
      size="xl"
      what={words.thisPreset}
      path={`/presets/${preset.id}`}
      draftOf={draftOf}
      parts={PARTS}
      validate={faultsOf}
      invalidates={['presets', 'preset', 'credentials', 'credential']}
    >
      {(form) => <PresetFields form={form} isNew={false} />}
    </EditDialog>
  );
}

/** Returns the part of a field of the draft that is sent as one field of the API, usually of the same name. */
function part(
  name: keyof PresetDraft & string,
  label: string,
  said: (draft: PresetDraft) => string,
  sent: keyof ReturnType<typeof bodyOf> & string = name as never,
): EditPart<PresetDraft> {
  return { name, label, body: (draft) => ({ [sent]: bodyOf(draft)[sent] }), words: (draft) => said(draft) || words.none };
}

const PARTS: readonly EditPart<PresetDraft>[] = [
  namePart(),
  part('base_url', words.baseUrl, ({ base_url: url }) => url),
  part('auth', words.auth, ({ auth }) => auth),
  part('wires', words.wires, (draft) => Object.values(wiresOf(draft)).join(', ')),
  part('drop', words.drop, ({ drop }) => drop.join(', ')),
  part('rename', words.rename, ({ rename }) => rename),
  part('values', words.values, ({ values }) => values),
  part('usage_at', words.usageAt, ({ usage_at: at }) => at.join(', '), 'usage'),
  part('thinking', words.thinking, ({ thinking }) => thinking || words.byModel),
  part('limit_family', words.limitFamily, ({ limit_family: family, limit_span: span }) => `${family}, ${span}`, 'limits'),
  part('prices', words.prices, ({ prices }) => prices),
];
