import { Button, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { savedQuery, saveView, type ViewPath } from '../../api/saved-views.ts';
import { organizationsWith, useSession } from '../../api/session.tsx';
import { ProblemNote } from '../Asked.tsx';
import { saved } from '../dialogs/saved.ts';

const ONLY_ME = '';

/** Saves the present filters of a page, for oneself or shared with an organization whose usage the person may see. */
export function SaveView({ path }: { path: ViewPath }) {
  const { searchStr } = useLocation();
  const session = useSession();
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const [shared, setShared] = useState(ONLY_ME);
  const offered = organizationsWith(session, 'usage.read');
  const saving = useMutation({
    mutationFn: () =>
      saveView({ name: name.trim(), path, query: savedQuery(searchStr), organization_id: shared === ONLY_ME ? null : shared }),
    onSuccess: async (view) => {
      setName('');
      saved(`Saved the view ${view.name}.`);
      await queryClient.invalidateQueries({ queryKey: ['saved-views'] });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '' && !saving.isPending) saving.mutate();
      }}
    >
      <TextInput
        label="Save this view as"
        maxLength={80}
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value);
          saving.reset();
        }}
      />
      {offered.length > 0 && (
        <Select
          mt="xs"
          label="Visible to"
          allowDeselect={false}
          comboboxProps={{ withinPortal: false }}
          data={[
            { value: ONLY_ME, label: 'Only me' },
            ...offered.map((one) => ({ value: one.organization_id, label: `Everyone in ${one.organization_name}` })),
          ]}
          value={shared}
          onChange={(value) => setShared(value ?? ONLY_ME)}
        />
      )}
      {saving.error !== null && <ProblemNote error={saving.error} />}
      <Button type="submit" mt="sm" size="xs" fullWidth loading={saving.isPending} disabled={name.trim() === ''}>
        Save view
      </Button>
    </form>
  );
}
