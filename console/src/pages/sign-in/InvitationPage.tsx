import { Anchor, Button, Group, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { useSessionQuery } from '../../api/session.tsx';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { roleWord } from '../../components/RoleSelect.tsx';
import { Time } from '../../components/Time.tsx';
import { useUrlState } from '../../components/useUrlState.ts';
import { PATHS } from '../../paths.ts';
import { NewAccountForm } from './NewAccountForm.tsx';
import { SignInFrame } from './SignInFrame.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { useEntering } from './useEntering.ts';

type Invitation = Schema<'InvitationLookup'>;

/** Where an invitation's link leads: who is invited by whom to what, and the one step that is left for this person in this browser. */
export function InvitationPage() {
  const [{ token = '' }] = useUrlState();
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => asked(api.GET('/invitations/lookup', { params: { query: { token } } })),
    // What was true when the page opened stays on it: accepting makes the link invalid while this person is still here.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const session = useSessionQuery();
  if (invitation.error instanceof Problem && invitation.error.status < 500) return <Gone reason={invitation.error.message} />;
  return (
    <Asked query={invitation}>
      {(found) => (
        <Asked query={session}>
          {(signedIn) => <Found invitation={found} token={token} signedInAs={signedIn?.account.email ?? null} />}
        </Asked>
      )}
    </Asked>
  );
}

function Found({ invitation, token, signedInAs }: { invitation: Invitation; token: string; signedInAs: string | null }) {
  const place = invitation.organization_name ?? 'this gateway';
  return (
    <SignInFrame
      title={`Join ${place}`}
      about={
        <>
          {invitation.inviter_name} invites <b>{invitation.email}</b> as {roleWord(invitation.role).toLowerCase()}. Open until{' '}
          <Time at={invitation.expires_at} />.
        </>
      }
    >
      <NextStep invitation={invitation} token={token} signedInAs={signedInAs} />
    </SignInFrame>
  );
}

function NextStep({ invitation, token, signedInAs }: { invitation: Invitation; token: string; signedInAs: string | null }) {
  const isTheirs = signedInAs?.toLowerCase() === invitation.email.toLowerCase();
  if (signedInAs !== null && !isTheirs) return <SomeoneElse invited={invitation.email} signedInAs={signedInAs} />;
  if (isTheirs) return <Accept token={token} />;
  if (invitation.account_exists) return <SignInFirst email={invitation.email} token={token} />;
  return <NewAccountForm email={invitation.email} token={token} />;
}

function Accept({ token }: { token: string }) {
  const enter = useEntering();
  const accept = useMutation({
    mutationFn: () => asked(api.POST('/invitations/accept', { body: { token } })),
    onSuccess: () => enter(PATHS.overview),
  });
  return (
    <>
      <SignInProblem error={accept.error} />
      <Button fullWidth data-autofocus loading={accept.isPending} onClick={() => accept.mutate()}>
        Accept the invitation
      </Button>
    </>
  );
}

function SignInFirst({ email, token }: { email: string; token: string }) {
  const here = `${PATHS.invitation}?token=${encodeURIComponent(token)}`;
  return (
    <>
      <Text fz="sm">There is an account with this address. Sign in with it, then accept.</Text>
      <Button component={Link} to={PATHS.signIn} search={{ to: here, email } as never} fullWidth>
        Sign in as {email}
      </Button>
    </>
  );
}

function SomeoneElse({ invited, signedInAs }: { invited: string; signedInAs: string }) {
  const queryClient = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => asked(api.DELETE('/session')),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['session'] }),
  });
  return (
    <>
      <Text fz="sm">
        You are signed in as <b>{signedInAs}</b>, and this invitation is for <b>{invited}</b>. It can be accepted by nobody else.
      </Text>
      {signOut.isError && <ProblemNote error={signOut.error} />}
      <Group grow>
        <Button variant="default" component={Link} to={PATHS.overview}>
          Stay signed in
        </Button>
        <Button loading={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </Group>
    </>
  );
}

function Gone({ reason }: { reason: string }) {
  return (
    <SignInFrame title="This invitation cannot be used">
      <Text fz="sm">{reason}</Text>
      <Text fz="sm" c="dimmed">
        Ask whoever invited you to send a new one. If you have accepted it already, sign in.
      </Text>
      <Anchor component={Link} to={PATHS.signIn} fz="sm">
        Sign in
      </Anchor>
    </SignInFrame>
  );
}
