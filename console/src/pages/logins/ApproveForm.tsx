import { Alert, Button, Group, List, Select, Stack, TextInput } from '@mantine/core';
import { startAuthentication } from '@simplewebauthn/browser';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { passkeyJson } from '../../api/webauthn.ts';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { forgetApproval, keepApproval, keptApproval, pathToComeBackTo } from './kept-approval.ts';
import { ShowAgain } from './ShowAgain.tsx';
import { words } from './words.ts';

/** The choices of a person, and the proof that it is them. */
export interface Approval {
  readonly team_id: string;
  readonly budget?: string;
  readonly password?: string;
  readonly passkey?: ReturnType<typeof passkeyJson>;
}

export interface Proposed {
  readonly organization: string | undefined;
  readonly team: string | undefined;
}

interface ApproveFormProps {
  readonly way: 'loopback' | 'device';
  readonly onApprove: (approval: Approval) => Promise<void>;
  /** The place that the program proposes, by names or ids. */
  readonly proposed?: Proposed;
  /** The code of the device that is approved. It is kept while the person signs in again elsewhere. */
  readonly code?: string;
  /** A button beside the one that approves. */
  readonly beside?: ReactNode;
}

/** Asks for the team of a login, and for the password or a passkey if the sign-in is not fresh. */
export function ApproveForm(props: ApproveFormProps) {
  const places = useQuery({ queryKey: ['login-places'], queryFn: () => asked(api.GET('/logins/places')), gcTime: 0 });
  return <Asked query={places}>{(read) => <Fields {...props} places={read} />}</Asked>;
}

type Places = Schema<'LoginPlaces'>;

function Fields({ way, onApprove, proposed, code, beside, places }: ApproveFormProps & { readonly places: Places }) {
  const open = places.data.filter((place) => reasonOf(place, way) === null);
  const { account } = useSession();
  const to = pathToComeBackTo(window.location);
  const [kept] = useState(() => keptApproval(account.id, to));
  const isStillOpen = open.some(({ team_id }) => team_id === kept?.teamId);
  const [teamId, setTeamId] = useState<string | null>(() =>
    // A team that is meant is chosen even if it is not open, so that its reason is seen at once.
    isStillOpen ? (kept?.teamId ?? null) : (onlyTeamOf(open, proposed) ?? onlyTeamOf(places.data, proposed)),
  );
  const [budget, setBudget] = useState(kept?.budget ?? '');
  // What was kept is used once.
  useEffect(forgetApproval, []);
  const [password, setPassword] = useState('');
  const [isByPasskey, setByPasskey] = useState(!places.again.password && places.again.passkey);
  const [isStale, setStale] = useState(!places.is_fresh);
  const place = places.data.find(({ team_id }) => team_id === teamId);
  const reason = place === undefined ? null : reasonOf(place, way);
  const approving = useMutation({
    mutationFn: async () => {
      if (teamId === null) return;
      const shown = !isStale ? {} : isByPasskey ? { passkey: await shownAgain() } : { password };
      await onApprove({ team_id: teamId, ...(budget.trim() === '' ? {} : { budget: budget.trim() }), ...shown });
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 403 && '/password' in error.fields) setStale(true);
    },
  });
  if (places.data.length === 0)
    return (
      <Stack gap="sm">
        <Alert color="yellow">{words.noTeams}</Alert>
        <Group gap="xs">{beside}</Group>
      </Stack>
    );
  const isReady = teamId !== null && reason === null && (!isStale || isByPasskey || password !== '');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !approving.isPending) approving.mutate();
      }}
    >
      <Stack gap="sm">
        {open.length === 0 && teamId === null && <NoTeamIsOpen places={places.data} way={way} />}
        <Select
          label={words.team}
          description={words.teamMeans}
          placeholder={words.chooseATeam}
          data={groupsOf(places.data)}
          value={teamId}
          onChange={(chosen) => setTeamId(chosen === null ? null : String(chosen))}
          searchable
          required
          withAsterisk={false}
          error={reason}
        />
        {place?.budget_left != null && reason === null && (
          <TextInput
            label={words.budget}
            description={words.budgetMeans(place.budget_left)}
            inputMode="decimal"
            maxLength={20}
            value={budget}
            onChange={(event) => setBudget(event.currentTarget.value)}
          />
        )}
        {isStale && (
          <ShowAgain
            ways={places.again}
            isByPasskey={isByPasskey}
            onByPasskey={setByPasskey}
            password={password}
            onPassword={setPassword}
            to={to}
            onLeave={() => keepApproval(account.id, to, { code, teamId, budget })}
          />
        )}
        {approving.isError && <ProblemNote error={approving.error} />}
        <Group gap="xs">
          <Button type="submit" disabled={!isReady} loading={approving.isPending}>
            {words.approve}
          </Button>
          {beside}
        </Group>
      </Stack>
    </form>
  );
}

const REASONS_SHOWN = 5;

/** Says why each team cannot be chosen. */
function NoTeamIsOpen({ places, way }: { readonly places: readonly Place[]; readonly way: ApproveFormProps['way'] }) {
  const more = places.length - REASONS_SHOWN;
  return (
    <Alert color="yellow" title={words.noTeamIsOpen}>
      <List fz="sm" spacing={2}>
        {places.slice(0, REASONS_SHOWN).map((place) => (
          <List.Item key={place.team_id}>
            <bdi>{words.inTeam(place.team_name, reasonOf(place, way) ?? '')}</bdi>
          </List.Item>
        ))}
        {more > 0 && <List.Item>{words.andMore(more)}</List.Item>}
      </List>
    </Alert>
  );
}

/** Asks for a passkey of this person. Rejects with a sentence if they cancel. */
async function shownAgain() {
  const options = (await asked(api.POST('/session/passkey-options', { body: {} }))) as unknown;
  const optionsJSON = options as Parameters<typeof startAuthentication>[0]['optionsJSON'];
  const answer = await startAuthentication({ optionsJSON }).catch(() => {
    throw new Error(words.noPasskeyUsed);
  });
  return passkeyJson(answer);
}

type Place = Places['data'][number];

/** Returns the team that is meant, if only one can be. */
function onlyTeamOf(open: readonly Place[], proposed: Proposed | undefined): string | null {
  const isMeant = (asked: string | undefined, id: string, name: string) =>
    asked === undefined || asked === id || asked.toLowerCase() === name.toLowerCase();
  const meant = open.filter(
    (place) =>
      isMeant(proposed?.organization, place.organization_id, place.organization_name) &&
      isMeant(proposed?.team, place.team_id, place.team_name),
  );
  return meant.length === 1 ? (meant[0]?.team_id ?? null) : null;
}

function reasonOf({ reason, logins, organization_name }: Place, way: ApproveFormProps['way']): string | null {
  if (reason !== null) return reason;
  return logins === 'loopback' && way === 'device' ? words.noCodesAt(organization_name) : null;
}

function groupsOf(places: readonly Place[]) {
  const organizations = [...new Set(places.map(({ organization_id: id }) => id))];
  return organizations.map((id) => {
    const teams = places.filter((place) => place.organization_id === id);
    return {
      group: teams[0]?.organization_name ?? '',
      items: teams.map((team) => ({ value: team.team_id, label: team.team_name })),
    };
  });
}
