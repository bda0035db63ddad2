import { Select, Stack } from '@mantine/core';
import { organizationsWith, useSession } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { MembersList } from './MembersList.tsx';
import { words } from './words.ts';

/** Lists the members of the organizations whose members this person manages, one organization at a time. */
export function MyMembers() {
  const [{ organization_id }, set] = useUrlState();
  const managed = organizationsWith(useSession(), 'members.manage');
  const chosen = managed.find((one) => one.organization_id === organization_id) ?? managed[0];
  if (chosen === undefined) return null;
  return (
    <Stack gap="sm">
      {managed.length > 1 && (
        <Select
          label={words.organization}
          w={280}
          maw="100%"
          allowDeselect={false}
          data={managed.map((one) => ({ value: one.organization_id, label: one.organization_name }))}
          value={chosen.organization_id}
          onChange={(id) => set({ organization_id: id ?? undefined, members_cursor: undefined })}
        />
      )}
      <MembersList key={chosen.organization_id} organizationId={chosen.organization_id} />
    </Stack>
  );
}
