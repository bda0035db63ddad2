import { Radio, SimpleGrid, Stack } from '@mantine/core';
import { AccessCount } from './AccessCount.tsx';
import { type AccessDraft, type AccessMode, INHERITED } from './access-draft.ts';
import { type AccessLevel, useAccessPreview } from './access-level.ts';
import { type Bound, errorAt } from './bind.ts';
import { GroupChooser } from './GroupChooser.tsx';
import { TargetChooser } from './TargetChooser.tsx';
import { words } from './words.ts';

interface AssetAccessEditorProps extends Bound<AccessDraft> {
  readonly level: AccessLevel;
  /** The holder's name in the live count: `This organization`, `Support`. */
  readonly holder: string;
  /** The name of the level above: `the team Support`. Only below an organization. */
  readonly parentName?: string;
}

interface Choice {
  readonly mode: AccessMode;
  readonly label: string;
  readonly about: string;
}

/** Edits an organization's grants, or what a team, member or key keeps of them, with a live count of callable targets. */
export function AssetAccessEditor(props: AssetAccessEditorProps) {
  const { value, onChange, errors, at, disabled = false, level, holder } = props;
  const selects = value.mode === 'selected' || value.mode === 'restrict';
  const errorOf = (list: 'targets' | 'access_groups') => (name: string) =>
    errorAt(errors, `${at}.${list}.${value[list].indexOf(name)}`);
  return (
    <Stack gap="md" data-at={at}>
      <Radio.Group
        aria-label={words.assetAccess}
        value={value.mode}
        onChange={(mode) => onChange({ ...value, mode: mode as AccessMode })}
        error={errorAt(errors, `${at}.mode`) ?? errorAt(errors, at)}
      >
        <SimpleGrid cols={{ base: 1, xs: level.is === 'organization' ? 3 : 2 }} spacing="sm">
          {choicesOf(level, props.parentName).map(({ mode, label, about }) => (
            <Radio key={mode} value={mode} label={label} description={about} disabled={disabled} />
          ))}
        </SimpleGrid>
      </Radio.Group>
      {selects && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          <Targets {...{ level, value, onChange, disabled }} errorOf={errorOf('targets')} />
          <GroupChooser
            level={level}
            chosen={value.access_groups}
            onChange={(access_groups) => onChange({ ...value, access_groups })}
            disabled={disabled}
            errorOf={errorOf('access_groups')}
          />
        </SimpleGrid>
      )}
      <AccessCount level={level} draft={value} holder={holder} />
    </Stack>
  );
}

type TargetsProps = Pick<AssetAccessEditorProps, 'level' | 'value' | 'onChange'> & {
  readonly disabled: boolean;
  readonly errorOf: (name: string) => string | undefined;
};

function Targets({ level, value, onChange, disabled, errorOf }: TargetsProps) {
  const chooser = {
    level,
    chosen: value.targets,
    onChange: (targets: readonly string[]) => onChange({ ...value, targets }),
    disabled,
    errorOf,
  };
  return level.is === 'organization' ? <TargetChooser {...chooser} parent={null} /> : <TargetsOfParent {...chooser} />;
}

/** Loads what the parent may call: the same as inheriting all of it gives. */
function TargetsOfParent(props: Omit<Parameters<typeof TargetChooser>[0], 'parent'>) {
  const parent = useAccessPreview(props.level, INHERITED);
  return <TargetChooser {...props} parent={parent.data ?? null} />;
}

function choicesOf(level: AccessLevel, parentName = words.levelAbove): readonly Choice[] {
  if (level.is === 'organization') {
    return [
      { mode: 'nothing', label: words.nothing, about: words.nothingMeans },
      { mode: 'all', label: words.everything, about: words.everythingMeans },
      { mode: 'selected', label: words.selectedLabel, about: words.selectedMeans },
    ];
  }
  return [
    { mode: 'inherit', label: words.inherit, about: words.inheritMeans(parentName) },
    {
      mode: 'restrict',
      label: words.restrict,
      about: words.restrictMeans(parentName),
    },
  ];
}
