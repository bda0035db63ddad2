import { Alert, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Directory, directoryQuery } from '../../api/directory.ts';
import type { Organization } from '../../api/organizations.ts';
import { Asked } from '../../components/Asked.tsx';
import { CopyField } from '../../components/CopyField.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Section } from '../../components/Section.tsx';
import { Time } from '../../components/Time.tsx';
import { countText } from '../../numbers/numbers.ts';
import { TokensSection } from './TokensSection.tsx';
import { words } from './words.ts';

/** Shows what to enter at the identity provider: the address and a token. */
export function ConnectionSection({ organization }: { organization: Organization }) {
  const query = useQuery(directoryQuery(organization.id));
  return (
    <Asked query={query}>
      {(directory) => (
        <Stack gap="xl">
          <Section title={words.whatToEnter}>
            <Stack gap="md" maw={760}>
              {directory.address === null ? (
                <Alert color="yellow" role="note">
                  {words.noPublicUrl}
                </Alert>
              ) : (
                <CopyField label={words.address} description={words.addressMeans} value={directory.address} />
              )}
              <Facts facts={factsOf(directory)} />
            </Stack>
          </Section>
          <TokensSection organization={organization} activeTokens={directory.active_tokens} />
        </Stack>
      )}
    </Asked>
  );
}

function factsOf({ people, groups, waiting, last_request_at, verified_domains }: Directory) {
  const facts = [
    [words.verifiedDomains, verified_domains.length === 0 ? words.noDomains : verified_domains.join(', ')],
    [words.peopleCount, countText(people)],
    [words.groupsCount, countText(groups)],
    [words.lastRequest, last_request_at === null ? words.never : <Time key="last" at={last_request_at} relative />],
  ] as const;
  return waiting === 0 ? facts : [...facts, [words.rolesWaiting, countText(waiting)] as const];
}
