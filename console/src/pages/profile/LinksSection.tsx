import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { choiceQuery } from '../../api/sso.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PATHS } from '../../paths.ts';
import { SsoProblem } from '../sign-in/SsoProblem.tsx';
import { LinkDialog } from './LinkDialog.tsx';
import { Section } from './Section.tsx';
import { words } from './words.ts';

/** The organizations of one person whose providers are looked up. */
const PLACES_MAX = 20;

/** Links the account to identity providers of the person's organizations. Nothing is shown while there is none. */
export function LinksSection() {
  const [{ link, sso, reason }] = useUrlState();
  const { account, memberships, own_sign_in: isOwn } = useSession();
  const choices = useQueries({
    queries: memberships.slice(0, PLACES_MAX).map(({ organization_slug }) => choiceQuery({ organization: organization_slug })),
    combine: (answers) => answers.flatMap(({ data }) => (data === undefined || data.organization === null ? [] : [data])),
  });
  const offered = choices.flatMap(({ organization, data }) =>
    data.map(({ id, name }) => ({ id, name, organization: organization?.name ?? '' })),
  );
  // Somebody who is no member yet comes with the provider in the address.
  const isUnlisted = link !== undefined && !offered.some(({ id }) => id === link);
  if (!isOwn || (offered.length === 0 && link === undefined && sso === undefined)) return null;
  return (
    <Section title={words.companySignIn} about={words.companySignInMeans}>
      {sso !== undefined && <SsoProblem code={sso} reason={reason} />}
      {!account.address_proved && (
        <Alert color="yellow" title={words.linkRemovesBefore}>
          {words.linkRemovesBeforeMeans(account.email)}
        </Alert>
      )}
      <Stack gap="xs">
        {offered.map((one) => (
          <LinkRow key={one.id} {...one} isWanted={one.id === link && sso === undefined} />
        ))}
        {isUnlisted && sso === undefined && <LinkRow id={link} name={words.theProvider} organization="" isWanted />}
      </Stack>
    </Section>
  );
}

interface LinkRowProps {
  readonly id: string;
  readonly name: string;
  readonly organization: string;
  /** True if the person came here to link this one. */
  readonly isWanted: boolean;
}

function LinkRow({ id, name, organization, isWanted }: LinkRowProps) {
  const { address_proved: isProved } = useSession().account;
  const [isAsking, setAsking] = useState(false);
  const linking = useMutation({
    mutationFn: () =>
      asked(api.POST('/sso/{idp_id}/link', { params: { path: { idp_id: id } }, body: { return_to: PATHS.profile } })),
    onSuccess: ({ location }) => window.location.assign(location),
  });
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text fz="sm">
          <bdi>{name}</bdi>
          {organization !== '' && (
            <Text span inherit c="dimmed">
              {' '}
              <bdi>{organization}</bdi>
            </Text>
          )}
        </Text>
        <Button
          size="compact-sm"
          variant={isWanted ? 'filled' : 'default'}
          loading={linking.isPending}
          aria-label={words.linkTo(name)}
          onClick={() => (isProved ? linking.mutate() : setAsking(true))}
        >
          {words.link}
        </Button>
      </Group>
      {linking.isError && isProved && <ProblemNote error={linking.error} />}
      <LinkDialog opened={isAsking} provider={name} onClose={() => setAsking(false)} onLink={() => linking.mutateAsync()} />
    </>
  );
}
