import { Select, SimpleGrid, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, asked } from '../../../api/client.ts';
import { readOrganization } from '../../../api/organizations.ts';
import { ProblemNote } from '../../../components/Asked.tsx';
import { FormSection } from '../../../components/dialogs/FormSections.tsx';
import { ObjectSelect } from '../../../components/fields/ObjectSelect.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { words } from '../words.ts';
import type { OrganizationDraft } from './organization-draft.ts';
import { likeDraft, settingsDraft } from './settings-draft.ts';

const TEMPLATES_MAX = 200;

/**
 * Fills the form of a new organization with the settings of a template or of another organization. The address holds which:
 * `?template=tpl_…` or `?like=org_…`.
 */
export function StartFrom({ form }: { form: UseFormReturnType<OrganizationDraft> }) {
  const [{ template, like }, set] = useUrlState();
  const templates = useTemplates();
  const source = useQuery({
    queryKey: ['organization-source', template, like],
    queryFn: async () => {
      if (like !== undefined) return likeDraft((await readOrganization(like)).data);
      const path = { id: template ?? '' };
      return settingsDraft(await asked(api.GET('/organization-templates/{id}', { params: { path } })));
    },
    enabled: template !== undefined || like !== undefined,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const settings = source.data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form is filled once for each choice, and keeps what is typed after it.
  useEffect(() => {
    if (settings !== undefined) form.setValues(settings);
  }, [settings]);
  return (
    <FormSection title={words.startFrom}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label={words.template}
          placeholder={templates.length === 0 ? words.noTemplatesYet : words.none}
          clearable
          searchable
          disabled={templates.length === 0}
          data={templates.map(({ id, name }) => ({ value: id, label: name }))}
          value={template ?? null}
          onChange={(id) => set({ template: id ?? undefined, like: undefined })}
        />
        <ObjectSelect
          kind="organization"
          label={words.likeTheOrganization}
          placeholder={words.none}
          value={like}
          onChange={(id) => set({ like: id, template: undefined })}
        />
      </SimpleGrid>
      <Text fz="sm" c="dimmed" role="status">
        {settings === undefined ? words.whatIsCopied : words.settingsAreFilledIn}
      </Text>
      {source.isError && <ProblemNote error={source.error} />}
    </FormSection>
  );
}

export function useTemplates() {
  const templates = useQuery({
    queryKey: ['organization-templates'],
    queryFn: () => asked(api.GET('/organization-templates', { params: { query: { limit: TEMPLATES_MAX, sort: 'name' } } })),
  });
  return templates.data?.data ?? [];
}
