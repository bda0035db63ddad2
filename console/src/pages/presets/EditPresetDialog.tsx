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

type Sent = keyof ReturnType<typeof bodyOf>;

/** Returns the part of a field of the draft that the API knows by the same name. */
function part(name: keyof PresetDraft & Sent, label: string, said: (draft: PresetDraft) => string): EditPart<PresetDraft> {
  return partSentAs(name, name, label, said);
}

/** Returns the part of a field of the draft that is sent as one field of the API. */
function partSentAs(
  name: keyof PresetDraft & string,
  sent: Sent,
  label: string,
  said: (draft: PresetDraft) => string,
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
  partSentAs('usage_at', 'usage', words.usageAt, ({ usage_at: at }) => at.join(', ')),
  part('thinking', words.thinking, ({ thinking }) => thinking || words.byModel),
  partSentAs('limit_family', 'limits', words.limitFamily, ({ limit_family: family, limit_span: span }) => `${family}, ${span}`),
  part('prices', words.prices, ({ prices }) => prices),
];
