import { api, asked } from '../../api/client.ts';
import type { Preset } from '../../api/presets.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PresetFields } from './PresetFields.tsx';
import { bodyOf, faultsOf, NEW_PRESET, type PresetDraft } from './preset-draft.ts';
import { words } from './words.ts';

/** Adds a preset. */
export function PresetDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <CreateDialog<PresetDraft, Preset>
      opened={opened}
      onClose={onClose}
      title={words.addPreset}
      size="xl"
      initial={NEW_PRESET}
      validate={faultsOf}
      verb={words.addPreset}
      invalidates={['presets', 'preset']}
      onSaved={(made) => saved(words.wasAdded(made.name))}
      save={(draft, header) => {
        const body = { id: draft.id.trim(), ...bodyOf(draft) };
        return asked(api.POST('/presets', { params: { header }, body }));
      }}
    >
      {(form) => <PresetFields form={form} isNew />}
    </CreateDialog>
  );
}
