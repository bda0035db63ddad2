import { Anchor, Button, Group, Modal, Stack, Table, Text, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../../api/client.ts';
import { useCan } from '../../../api/session.tsx';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { CreateDialog } from '../../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../../components/dialogs/edit-parts.ts';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../../components/fields/ObjectSelect.tsx';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { words } from '../words.ts';
import { TimeZoneField } from './IdentityFields.tsx';
import { SettingsSections } from './OrganizationFields.tsx';
import { NEW_ORGANIZATION, ORGANIZATION_PARTS, type OrganizationDraft } from './organization-draft.ts';
import { useTemplates } from './StartFrom.tsx';
import { settingsBody, settingsDraft, type Template } from './settings-draft.ts';

type Doing = { readonly is: 'create' } | { readonly is: 'edit' | 'delete'; readonly template: Template } | null;

interface TemplatesDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Opens the dialog that creates an organization from a template. */
  readonly onUse: (template: Template) => void;
}

/** Lists the templates of organizations, and creates, edits and deletes them. */
export function TemplatesDialog({ opened, onClose, onUse }: TemplatesDialogProps) {
  const [doing, setDoing] = useState<Doing>(null);
  const done = () => setDoing(null);
  return (
    <>
      <Modal
        opened={opened && doing === null}
        onClose={onClose}
        title={words.organizationTemplates}
        size="lg"
        closeButtonProps={{ 'aria-label': words.close }}
      >
        <Templates setDoing={setDoing} onUse={onUse} />
      </Modal>
      <CreateTemplate
        opened={doing?.is === 'create'}
        onClose={done}
        onCreated={(template) => setDoing({ is: 'edit', template })}
      />
      {doing?.is === 'edit' && <EditTemplate template={doing.template} onClose={done} />}
      <DeleteTemplate template={doing?.is === 'delete' ? doing.template : null} onClose={done} />
    </>
  );
}

function Templates({ setDoing, onUse }: { setDoing: (doing: Doing) => void; onUse: (template: Template) => void }) {
  const templates = useTemplates();
  const mayManage = useCan('organizations.create');
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text fz="sm" c="dimmed" flex={1} miw={200}>
          {templates.length === 0 ? words.noTemplatesYetMeans : words.templatesMean}
        </Text>
        <GuardedButton size="xs" verdict={mayManage} onClick={() => setDoing({ is: 'create' })}>
          {words.createTemplate}
        </GuardedButton>
      </Group>
      {templates.length > 0 && (
        <TableScroll minWidth={460}>
          <Table aria-label={words.templates}>
            <Table.Tbody>
              {templates.map((template) => (
                <Table.Tr key={template.id}>
                  <Table.Td>
                    <Anchor component="button" type="button" fz="sm" fw={500} onClick={() => setDoing({ is: 'edit', template })}>
                      <bdi>{template.name}</bdi>
                    </Anchor>
                    <Text fz="xs" c="dimmed">
                      {template.description}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Group gap="xs" justify="flex-end" wrap="nowrap">
                      <GuardedButton
                        size="compact-sm"
                        variant="default"
                        verdict={mayManage}
                        aria-label={words.applyNamed(template.name)}
                        onClick={() => onUse(template)}
                      >
                        {words.use}
                      </GuardedButton>
                      <Button
                        size="compact-sm"
                        variant="subtle"
                        color="red"
                        disabled={!mayManage.allowed}
                        aria-label={words.deleteNamed(template.name)}
                        onClick={() => setDoing({ is: 'delete', template })}
                      >
                        {words.delete}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
      )}
    </Stack>
  );
}

interface CreateTemplateProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The organization whose settings are taken at first. */
  readonly organizationId?: string | undefined;
  readonly onCreated?: (template: Template) => void;
}

/** Creates a template: empty, or with the settings of an organization. */
export function CreateTemplate({ opened, onClose, organizationId, onCreated }: CreateTemplateProps) {
  return (
    <CreateDialog
      opened={opened}
      onClose={onClose}
      title={words.createTemplate}
      initial={{ name: '', description: '', organization_id: organizationId }}
      validate={{ name: (name) => (name.trim() === '' ? words.enterAName : null) }}
      verb={words.createTemplate}
      invalidates={['organization-templates']}
      save={({ name, description, organization_id: id }, header) => {
        const body = { name: name.trim(), description: description.trim(), ...(id === undefined ? {} : { organization_id: id }) };
        return asked(api.POST('/organization-templates', { params: { header }, body }));
      }}
      onSaved={(made) => {
        saved(words.templateWasCreated(made.name));
        onCreated?.(made);
      }}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <Textarea label={words.description} autosize maxLength={1_000} {...form.getInputProps('description')} />
          <ObjectSelect
            kind="organization"
            label={words.withTheSettingsOf}
            placeholder={words.noneStartEmpty}
            value={form.values.organization_id}
            onChange={(id) => form.setFieldValue('organization_id', id)}
          />
        </>
      )}
    </CreateDialog>
  );
}

const PARTS: readonly EditPart<OrganizationDraft>[] = [
  namePart(),
  { name: 'description', label: words.description, words: ({ description = '' }) => description },
  {
    name: 'budgets',
    label: words.settings,
    body: (draft) => ({ settings: settingsBody(draft) }),
    words: (draft) => ORGANIZATION_PARTS.slice(2).map((part) => <div key={part.name}>{part.words(draft)}</div>),
  },
];

function draftOf(template: Template): OrganizationDraft {
  return { ...NEW_ORGANIZATION, ...settingsDraft(template), name: template.name, description: template.description };
}

function EditTemplate({ template, onClose }: { template: Template; onClose: () => void }) {
  return (
    <EditDialog<Template, OrganizationDraft>
      opened
      onClose={onClose}
      title={words.editTemplate(template.name)}
      size={1_040}
      what={words.thisTemplate}
      path={`/organization-templates/${template.id}`}
      draftOf={draftOf}
      parts={PARTS}
      validate={{ name: (name) => (name.trim() === '' ? words.enterAName : null) }}
      invalidates={['organization-templates']}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <Textarea label={words.description} autosize maxLength={1_000} {...form.getInputProps('description')} />
          <TimeZoneField form={form} />
          <SettingsSections form={form} of={null} />
        </>
      )}
    </EditDialog>
  );
}

function DeleteTemplate({ template, onClose }: { template: Template | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={template !== null}
      onClose={onClose}
      title={words.deleteTemplate}
      name={template?.name ?? ''}
      verb={words.deleteTemplate}
      consequences={[words.organizationsStay]}
      action={async () => {
        if (template === null) return;
        await asked(api.DELETE('/organization-templates/{id}', { params: { path: { id: template.id } } }));
        saved(words.templateWasDeleted(template.name));
        await queryClient.invalidateQueries({ queryKey: ['organization-templates'] });
      }}
    />
  );
}
