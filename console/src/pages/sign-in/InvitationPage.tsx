import { Anchor, Button, Group, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { fieldErrorsOf } from '../../api/field-errors.ts';
import { useSessionQuery } from '../../api/session.tsx';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { type InvitationTokens, tokensBody } from './invitation-tokens.ts';
import { NewAccountForm } from './NewAccountForm.tsx';
import { ProveForm } from './ProveForm.tsx';
import { SignInFrame } from './SignInFrame.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { useEntering } from './useEntering.ts';
import { words } from './words.ts';

type Invitation = Schema<'InvitationLookup'>;

/**
 * The page behind an invitation's link. It says who invites whom to what, and offers the next step for the person in this
 * browser.
 */
export function InvitationPage() {
  const [{ token = '', mail_token: mailToken }] = useUrlState();
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => asked(api.GET('/invitations/lookup', { params: { query: { token } } })),
    // Accepting makes the link invalid while the person is still here, so the page keeps the first answer.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const session = useSessionQuery();
  if (invitation.error instanceof Problem && invitation.error.status < 500) return <Gone reason={invitation.error.message} />;
  return (
    <Asked query={invitation}>
      {(found) => (
        <Asked query={session}>
          {(signedIn) => <Found invitation={found} tokens={{ token, mailToken }} account={signedIn?.account ?? null} />}
        </Asked>
      )}
    </Asked>
  );
}

interface StepProps {
  readonly invitation: Invitation;
  readonly tokens: InvitationTokens;
  /** The account that is signed in in this browser, if any. */
  readonly account: Schema<'Session'>['account'] | null;
}

function Found({ invitation, tokens, account }: StepProps) {
  const place = invitation.organization_name ?? words.thisGateway;
  return (
    <SignInFrame
      title={words.join(place)}
      about={
        <>
          {words.invites(invitation.inviter_name)} <b>{invitation.email}</b>{' '}
          {words.asRoleUntil(roleWord(invitation.role).toLowerCase())} <Time at={invitation.expires_at} />.
        </>
      }
    >
      <NextStep invitation={invitation} tokens={tokens} account={account} />
    </SignInFrame>
  );
}

/** The next step of the person. Both ways are offered because the server never tells whether the address has an account. */
function NextStep({ invitation: { email }, tokens, account }: StepProps) {
  if (account === null) {
    return (
      <>
        <NewAccountForm email={email} tokens={tokens} />
        <SignInInstead email={email} tokens={tokens} />
      </>
    );
  }
  if (account.email.toLowerCase() !== email.toLowerCase()) return <SomeoneElse invited={email} signedInAs={account.email} />;
  return <Accept tokens={tokens} />;
}

function Accept({ tokens }: { tokens: InvitationTokens }) {
  const enter = useEntering();
  const accept = useMutation({
    mutationFn: () => asked(api.POST('/invitations/accept', { body: tokensBody(tokens) })),
    onSuccess: () => enter(PATHS.overview),
  });
  // With the mailed link, an account whose address is not proved needs only a new password.
  const wantsPassword = tokens.mailToken !== undefined && fieldErrorsOf(accept.error).password !== undefined;
  if (wantsPassword) return <ProveForm tokens={tokens} />;
  return (
    <>
      <SignInProblem error={accept.error} />
      <Button fullWidth data-autofocus loading={accept.isPending} onClick={() => accept.mutate()}>
        {words.acceptTheInvitation}
      </Button>
    </>
  );
}

function SignInInstead({ email, tokens: { token, mailToken } }: { email: string; tokens: InvitationTokens }) {
  const mailed = mailToken === undefined ? '' : `&mail_token=${encodeURIComponent(mailToken)}`;
  const here = `${PATHS.invitation}?token=${encodeURIComponent(token)}${mailed}`;
  return (
    <Text fz="sm" ta="center">
      {words.alreadyHaveAnAccount}{' '}
      <Anchor component={PageLink} at={links.signIn({ to: here, email })} fz="sm">
        {words.signInAs(email)}
      </Anchor>
    </Text>
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
        {words.signedInAs} <b>{signedInAs}</b>
        {words.invitationIsFor} <b>{invited}</b>
        {words.onlyThatPerson}
      </Text>
      {signOut.isError && <ProblemNote error={signOut.error} />}
      <Group grow>
        <Button variant="default" component={PageLink} at={links.overview()}>
          {words.staySignedIn}
        </Button>
        <Button loading={signOut.isPending} onClick={() => signOut.mutate()}>
          {words.signOut}
        </Button>
      </Group>
    </>
  );
}

function Gone({ reason }: { reason: string }) {
  return (
    <SignInFrame title={words.thisInvitationCannotBeUsed}>
      <Text fz="sm">{reason}</Text>
      <Text fz="sm" c="dimmed">
        {words.askForNewInvitation}
      </Text>
      <Anchor component={PageLink} at={links.signIn()} fz="sm">
        {words.signIn}
      </Anchor>
    </SignInFrame>
  );
}
