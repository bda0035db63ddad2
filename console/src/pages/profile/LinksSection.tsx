import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { choiceQuery } from '../../api/sso.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { SsoProblem } from '../sign-in/SsoProblem.tsx';
import { LinkDialog } from './LinkDialog.tsx';
import { OwnLinks, useOwnLinks } from './OwnLinks.tsx';
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
  const links = useOwnLinks(isOwn);
  const linked = new Set(links.data?.data.map(({ provider_id }) => provider_id));
  const isLinked = linked.size > 0;
  if (!isOwn || (offered.length === 0 && !isLinked && link === undefined && sso === undefined)) return null;
  return (
    <Section title={words.companySignIn} about={words.companySignInMeans}>
      {sso !== undefined && <SsoProblem code={sso} reason={reason} />}
      {!account.address_proved && (
        <Alert color="yellow" title={words.linkRemovesBefore}>
          {words.linkRemovesBeforeMeans(account.email)}
        </Alert>
      )}
      {isLinked && <OwnLinks query={links} />}
      <Stack gap="xs">
        {offered
          .filter(({ id }) => id === link || !(links.isPending || linked.has(id)))
          .map((one) => (
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
  const [isAsking, setAsking] = useState(false);
  return (
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
        aria-label={words.linkTo(name)}
        onClick={() => setAsking(true)}
      >
        {words.link}
      </Button>
      <LinkDialog opened={isAsking} id={id} provider={name} onClose={() => setAsking(false)} />
    </Group>
  );
}
