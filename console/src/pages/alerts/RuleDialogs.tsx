import { TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { RuleFields, RuleKindField } from './RuleFields.tsx';
import {
  type AlertRule,
  draftOf,
  newRule,
  PLATFORM_ONLY,
  RULE_CHECKS,
  RULE_KINDS,
  RULE_PARTS,
  type RuleDraft,
  settingsOf,
} from './rule-draft.ts';
import { words } from './words.ts';

interface CreateRuleProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The organization at first. Null: the platform. */
  readonly organizationId: string | null;
}

export function CreateRule({ opened, onClose, organizationId }: CreateRuleProps) {
  const isPlatforms = useSession().platform_capabilities.includes('webhooks.manage');
  return (
    <CreateDialog<RuleDraft, AlertRule>
      opened={opened}
      onClose={onClose}
      title={words.createAlertRule}
      size="xl"
      initial={newRule(organizationId)}
      validate={{
        ...RULE_CHECKS,
        organization_id: (id) => (id === null && !isPlatforms ? words.chooseAnOrganization : null),
      }}
      verb={words.createAlertRule}
      invalidates={['alert-rules']}
      save={(draft, header) => {
        const { organization_id, kind } = draft;
        return asked(api.POST('/alert-rules', { params: { header }, body: { organization_id, kind, ...settingsOf(draft) } }));
      }}
      onSaved={({ name }) => saved(words.wasCreated(name))}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <PlaceField form={form} isPlatforms={isPlatforms} />
          <RuleKindField form={form} />
          <RuleFields form={form} />
        </>
      )}
    </CreateDialog>
  );
}

interface PlaceFieldProps {
  readonly form: UseFormReturnType<RuleDraft>;
  readonly isPlatforms: boolean;
}

/** Chooses what a rule covers. Kinds that only the platform can watch, and webhooks of another place, are unset. */
function PlaceField({ form, isPlatforms }: PlaceFieldProps) {
  const { organization_id: id, kind: chosen } = form.values;
  const change = (next: string | undefined) => {
    const kind = next !== undefined && PLATFORM_ONLY.includes(chosen) ? 'error_rate' : chosen;
    const changed = kind === chosen ? {} : { kind, ...RULE_KINDS[kind].defaults };
    form.setValues({ organization_id: next ?? null, webhook_ids: [], ...changed });
  };
  const shared = { label: words.organization, placeholder: words.theWholePlatform, value: id ?? undefined, onChange: change };
  return isPlatforms ? (
    <ObjectSelect kind="organization" {...shared} />
  ) : (
    <OwnOrganizationSelect permission="webhooks.manage" {...shared} />
  );
}

export function EditRule({ rule, onClose }: { rule: AlertRule; onClose: () => void }) {
  return (
    <EditDialog<AlertRule, RuleDraft>
      opened
      onClose={onClose}
      title={words.editNamed(rule.name)}
      size="xl"
      what={words.thisAlertRule}
      path={`/alert-rules/${rule.id}`}
      draftOf={draftOf}
      parts={RULE_PARTS}
      validate={RULE_CHECKS}
      invalidates={['alert-rules']}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <RuleFields form={form} />
        </>
      )}
    </EditDialog>
  );
}
