import { Radio, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useNames } from '../../api/names.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

interface Report {
  readonly teams_left?: readonly string[];
  readonly keys_revoked: readonly string[];
}

interface LeavingQuery {
  readonly dry_run?: boolean;
  readonly reassign_keys_to?: string;
}

interface LeavingDialogProps {
  readonly title: string;
  /** The name that the person must type. */
  readonly name: string;
  readonly verb: string;
  /** The organization whose members can receive the keys. */
  readonly organizationId: string;
  readonly consequences: readonly ReactNode[];
  /** Called first with `dry_run`, which reports the consequences and changes nothing. */
  readonly leave: (query: LeavingQuery) => Promise<Report>;
  /** The names of cached lists to reload. */
  readonly stale: readonly string[];
  /** Shown once it is done. */
  readonly done: string;
  readonly onClose: () => void;
  /** False if the keys cannot go to the team's default service account, because that is the one leaving. */
  readonly offersDefault?: boolean;
}

type Fate = 'revoke' | 'team_default' | 'member';

const SHOWN = 20;

/** Removes a person or a service account. Lists the affected teams and keys, and can reassign the keys in the same step. */
export function LeavingDialog(props: LeavingDialogProps) {
  const { name, organizationId, leave, offersDefault = true } = props;
  const queryClient = useQueryClient();
  const [fate, setFate] = useState<Fate>('revoke');
  const [heir, setHeir] = useState<string>();
  const report = useQuery({
    queryKey: ['leaving', props.title],
    queryFn: () => leave({ dry_run: true }),
    staleTime: 0,
    gcTime: 0,
  });
  const keys = report.data?.keys_revoked ?? [];
  const teams = report.data?.teams_left;
  return (
    <ConfirmByName
      opened
      onClose={props.onClose}
      title={props.title}
      name={name}
      verb={props.verb}
      isKnown={report.isSuccess}
      consequences={[...props.consequences, ...(teams === undefined ? [] : [<TeamsLeft key="teams" ids={teams} />])]}
      action={async () => {
        if (fate === 'member' && heir === undefined) throw new Error('Choose the member who gets the keys.');
        const to = fate === 'member' ? heir : 'team_default';
        await leave(fate === 'revoke' || to === undefined || keys.length === 0 ? {} : { reassign_keys_to: to });
        await Promise.all(props.stale.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
        saved(props.done);
      }}
    >
      {report.isPending && (
        <Text fz="sm" c="dimmed" role="status">
          {words.lookingUpKeysAndTeams}
        </Text>
      )}
      {report.isError && <ProblemNote error={report.error} onRetry={() => void report.refetch()} />}
      {keys.length > 0 && (
        <Stack gap="xs">
          <KeysAtStake ids={keys} />
          <Radio.Group label={words.whatHappensToTheseKeys} value={fate} onChange={(next) => setFate(next as Fate)}>
            <Stack gap={6} mt={4}>
              <Radio value="revoke" label={words.revokeKeys} />
              {offersDefault && <Radio value="team_default" label={words.giveKeysToTeam} />}
              <Radio value="member" label={words.giveKeysToMember} />
            </Stack>
          </Radio.Group>
          {fate === 'member' && (
            <ObjectSelect kind="member" label={words.member} value={heir} onChange={setHeir} organizationId={organizationId} />
          )}
        </Stack>
      )}
    </ConfirmByName>
  );
}

function TeamsLeft({ ids }: { ids: readonly string[] }) {
  const names = useNames(ids);
  if (ids.length === 0) return <>{words.theyAreInNoTeam}</>;
  return <>{words.theyLeaveTeams(ids.length, list(ids, names))}</>;
}

function KeysAtStake({ ids }: { ids: readonly string[] }) {
  const names = useNames(ids.slice(0, SHOWN));
  return (
    <Text fz="sm">
      <b>{countText(ids.length)}</b> {words.keysAffected(ids.length, list(ids, names))}
    </Text>
  );
}

function list(ids: readonly string[], names: Readonly<Record<string, string>>): string {
  const shown = ids.slice(0, SHOWN).map((id) => names[id] ?? id);
  return ids.length > SHOWN ? words.shownAndMore(shown.join(', '), countText(ids.length - SHOWN)) : shown.join(', ');
}
