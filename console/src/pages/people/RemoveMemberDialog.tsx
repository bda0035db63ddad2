import { Radio, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useNames } from '../../api/names.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/ConfirmByName.tsx';
import { countText } from '../../components/Count.tsx';
import { ObjectSelect } from '../../components/ObjectSelect.tsx';
import { saved } from '../../components/saved.ts';

type Fate = 'revoke' | 'team_default' | 'member';

const SHOWN = 20;

/** Takes a member out of an organization: says beforehand which keys and teams go with them, and lets the keys be handed on. */
export function RemoveMemberDialog({ of: member, onClose }: { of: Schema<'Member'>; onClose: () => void }) {
  const [fate, setFate] = useState<Fate>('revoke');
  const [heir, setHeir] = useState<string>();
  const queryClient = useQueryClient();
  const path = { id: member.organization_id, member_id: member.id };
  const report = useQuery({
    queryKey: ['members', 'leaving', member.id],
    queryFn: () => asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path, query: { dry_run: 'true' } } })),
    staleTime: 0,
    gcTime: 0,
  });
  const keys = report.data?.keys_revoked ?? [];
  const reassign = fate === 'revoke' ? undefined : fate === 'member' ? heir : 'team_default';
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Remove ${member.name}`}
      name={member.name}
      verb="Remove"
      consequences={[
        'They leave the organization at once, in every browser they are signed in with.',
        ...(report.data === undefined ? [] : [<TeamsLeft key="teams" ids={report.data.teams_left} />]),
        'Their account stays, and what they did stays in the audit log.',
      ]}
      action={async () => {
        if (fate === 'member' && heir === undefined) throw new Error('Choose who gets the keys.');
        const query = reassign === undefined || keys.length === 0 ? {} : { reassign_keys_to: reassign };
        await asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path, query } }));
        await Promise.all(
          ['members', 'accounts', 'keys', 'teams'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })),
        );
        saved(`${member.name} is removed.`);
      }}
    >
      {report.isError && <ProblemNote error={report.error} />}
      {keys.length > 0 && (
        <Stack gap="xs">
          <KeysAtStake ids={keys} />
          <Radio.Group label="What happens to these keys" value={fate} onChange={(next) => setFate(next as Fate)}>
            <Stack gap={6} mt={4}>
              <Radio value="revoke" label="Revoke them: applications that use them are refused from now on" />
              <Radio value="team_default" label="Hand each to its team’s default service account" />
              <Radio value="member" label="Hand them to another member" />
            </Stack>
          </Radio.Group>
          {fate === 'member' && (
            <ObjectSelect kind="member" label="Member" value={heir} onChange={setHeir} organizationId={member.organization_id} />
          )}
        </Stack>
      )}
    </ConfirmByName>
  );
}

function TeamsLeft({ ids }: { ids: readonly string[] }) {
  const names = useNames(ids);
  if (ids.length === 0) return <>They are in no team.</>;
  return (
    <>
      They leave {ids.length === 1 ? 'the team' : `${countText(ids.length)} teams`}: {list(ids, names)}.
    </>
  );
}

function KeysAtStake({ ids }: { ids: readonly string[] }) {
  const names = useNames(ids.slice(0, SHOWN));
  return (
    <Text fz="sm">
      They own <b>{countText(ids.length)}</b> {ids.length === 1 ? 'key' : 'keys'}: {list(ids, names)}.
    </Text>
  );
}

function list(ids: readonly string[], names: Readonly<Record<string, string>>): string {
  const shown = ids.slice(0, SHOWN).map((id) => names[id] ?? id);
  return ids.length > SHOWN ? `${shown.join(', ')} and ${countText(ids.length - SHOWN)} more` : shown.join(', ');
}
