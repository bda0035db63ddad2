import { TextInput } from '@mantine/core';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
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
      title="Create alert rule"
      initial={newRule(organizationId)}
      validate={{
        ...RULE_CHECKS,
        organization_id: (id) => (id === null && !isPlatforms ? 'Choose an organization.' : null),
      }}
      verb="Create alert rule"
      invalidates={['alert-rules']}
      save={(draft, header) => {
        const { organization_id, kind } = draft;
        return asked(api.POST('/alert-rules', { params: { header }, body: { organization_id, kind, ...settingsOf(draft) } }));
      }}
      onSaved={({ name }) => saved(`${name} was created. Send a test to see whether its messages arrive.`)}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label="Name" maxLength={200} {...form.getInputProps('name')} />
          <OwnOrganizationSelect
            permission="webhooks.manage"
            label="Organization"
            placeholder="The whole platform"
            value={form.values.organization_id ?? undefined}
            onChange={(id) => {
              const kind = id !== undefined && PLATFORM_ONLY.includes(form.values.kind) ? 'error_rate' : form.values.kind;
              const changed = kind === form.values.kind ? {} : { kind, ...RULE_KINDS[kind].defaults };
              // Webhooks belong to one place.
              form.setValues({ organization_id: id ?? null, webhook_ids: [], ...changed });
            }}
          />
          <RuleKindField form={form} />
          <RuleFields form={form} />
        </>
      )}
    </CreateDialog>
  );
}

export function EditRule({ rule, onClose }: { rule: AlertRule; onClose: () => void }) {
  return (
    <EditDialog<AlertRule, RuleDraft>
      opened
      onClose={onClose}
      title={`Edit ${rule.name}`}
      size="lg"
      what="This alert rule"
      path={`/alert-rules/${rule.id}`}
      draftOf={draftOf}
      parts={RULE_PARTS}
      validate={RULE_CHECKS}
      invalidates={['alert-rules']}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label="Name" maxLength={200} {...form.getInputProps('name')} />
          <RuleFields form={form} />
        </>
      )}
    </EditDialog>
  );
}
