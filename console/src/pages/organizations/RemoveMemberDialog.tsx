import { Radio, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { useNames } from '../../api/names.ts';
import type { Organization } from '../../api/organizations.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/ConfirmByName.tsx';
import { countText } from '../../components/Count.tsx';
import { saved } from '../../components/saved.ts';
import type { Member } from './member.ts';

interface RemoveMemberDialogProps {
  readonly organization: Organization;
  readonly member: Member;
  readonly onClose: () => void;
}

const NAMES_SHOWN = 5;

/** Says what goes with a member before it goes, and lets their keys be given to their teams in the same step. */
export function RemoveMemberDialog({ organization, member, onClose }: RemoveMemberDialogProps) {
  const [keys, setKeys] = useState<'revoke' | 'reassign'>('revoke');
  const queryClient = useQueryClient();
  const path = { id: organization.id, member_id: member.id };
  const reassign = keys === 'reassign' ? { reassign_keys_to: 'team_default' } : {};
  const report = useQuery({
    queryKey: ['member-removal', member.id, keys],
    queryFn: () =>
      asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path, query: { dry_run: 'true', ...reassign } } })),
    gcTime: 0,
    placeholderData: (before) => before,
  });
  const remove = async () => {
    await asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path, query: reassign } }));
    saved(`${member.name} left ${organization.name}.`);
    await Promise.all(
      ['members', 'organization', 'organizations', 'keys'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })),
    );
  };
  const lines = useLines(report.data, member);
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Remove ${member.name} from ${organization.name}?`}
      name={member.name}
      verb="Remove"
      action={remove}
      consequences={lines}
    >
      {report.isError && <ProblemNote error={report.error} />}
      {member.key_count > 0 && (
        <Radio.Group label="Keys they own" value={keys} onChange={(value) => setKeys(value as 'revoke' | 'reassign')}>
          <Stack gap={6} mt={4}>
            <Radio value="revoke" label="Revoke them at once" />
            <Radio value="reassign" label="Give them to the default service account of their teams" />
          </Stack>
        </Radio.Group>
      )}
      <Text fz="xs" c="dimmed">
        Their account stays, and so do the ledger and the request log.
      </Text>
    </ConfirmByName>
  );
}

interface Report {
  readonly teams_left: readonly string[];
  readonly keys_revoked: readonly string[];
  readonly keys_reassigned: readonly string[];
}

function useLines(report: Report | undefined, member: Member): readonly string[] {
  const shownOf = (ids: readonly string[] = []) => ids.slice(0, NAMES_SHOWN);
  const names = useNames([...shownOf(report?.teams_left), ...shownOf(report?.keys_revoked), ...shownOf(report?.keys_reassigned)]);
  if (report === undefined) return ['Their sessions lose this organization at once.'];
  const listed = (ids: readonly string[]) => {
    const more = ids.length - NAMES_SHOWN;
    return `${shownOf(ids)
      .map((id) => names[id] ?? member.teams.find((team) => team.team_id === id)?.name ?? id)
      .join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`;
  };
  const line = (ids: readonly string[], one: string, many: string) =>
    ids.length === 0 ? [] : [`${countText(ids.length)} ${ids.length === 1 ? one : many}: ${listed(ids)}.`];
  return [
    'Their sessions lose this organization at once.',
    ...line(report.teams_left, 'team is left', 'teams are left'),
    ...line(report.keys_revoked, 'key is revoked', 'keys are revoked'),
    ...line(report.keys_reassigned, 'key gets another owner', 'keys get another owner'),
  ];
}
