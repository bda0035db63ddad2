import { Anchor, Box, Group, Radio, Stack, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, askedWithETag, ifMatch, type Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { Section } from '../profile/Section.tsx';
import { LoginsList } from './LoginsList.tsx';
import { ManagedSettings } from './ManagedSettings.tsx';
import { words } from './words.ts';

/** The logins of an organization: who is logged in where, which logins are allowed, and the settings that they bring. */
export function LoginsTab({ organization }: { organization: { readonly id: string } }) {
  const { id } = organization;
  return (
    <Stack gap="xl">
      <LoginsList whose={{ organization_id: id }} />
      <LongLived search={{ organization_id: id }} />
      <Policy organizationId={id} />
      <ManagedSettings place={{ is: 'organizations', id, organizationId: id }} />
    </Stack>
  );
}

/** The logins of a team. */
export function TeamLoginsTab({ team }: { team: { readonly id: string; readonly organization_id: string } }) {
  return (
    <Stack gap="xl">
      <LoginsList whose={{ team_id: team.id }} />
      <LongLived search={{ organization_id: team.organization_id, team_id: team.id }} />
      <ManagedSettings place={{ is: 'teams', id: team.id, organizationId: team.organization_id }} />
    </Stack>
  );
}

/** Leads to the long-lived keys that people hold, for example on their laptops. */
function LongLived({ search }: { search: { readonly organization_id: string; readonly team_id?: string } }) {
  return (
    <Section
      title={words.longLived}
      about={
        <>
          {words.longLivedMean}{' '}
          <Anchor component={PageLink} at={links.keys({ ...search, kind: 'api', owned_by: 'person', status: 'active' })} inherit>
            {words.showThem}
          </Anchor>
        </>
      }
    />
  );
}

type Policy = Schema<'LoginPolicy'>['logins'];

const CHOICES: readonly { readonly value: Policy; readonly label: string; readonly means: string }[] = [
  { value: 'any', label: words.any, means: words.anyMeans },
  { value: 'loopback', label: words.loopback, means: words.loopbackMeans },
  { value: 'off', label: words.off, means: words.offMeans },
];

function Policy({ organizationId }: { organizationId: string }) {
  const queryClient = useQueryClient();
  const verdict = useCan('identity.manage', organizationId);
  const path = { id: organizationId };
  const policy = useQuery({
    queryKey: ['login-policy', organizationId],
    queryFn: () => askedWithETag(api.GET('/organizations/{id}/login-policy', { params: { path } })),
  });
  const save = useMutation({
    mutationFn: (logins: Policy) =>
      asked(
        api.PUT('/organizations/{id}/login-policy', {
          params: { path, header: ifMatch(policy.data?.etag ?? null) },
          body: { logins },
        }),
      ),
    onSuccess: () => saved(words.policyWasChanged),
    onError: (error) => notifications.show({ color: 'red', message: error.message }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['login-policy'] }),
  });
  return (
    <Box component="section" aria-label={words.policy}>
      <Asked query={policy}>
        {({ data }) => (
          <Radio.Group
            label={<Title order={2}>{words.policy}</Title>}
            description={words.policyMeans}
            value={save.isPending ? save.variables : data.logins}
            onChange={(value) => save.mutate(value as Policy)}
          >
            <Stack gap="xs" mt="xs">
              {CHOICES.map(({ value, label, means }) => (
                <Radio
                  key={value}
                  value={value}
                  label={label}
                  description={means}
                  disabled={!verdict.allowed || save.isPending}
                />
              ))}
            </Stack>
          </Radio.Group>
        )}
      </Asked>
      {!verdict.allowed && (
        <Group mt="xs">
          <WhyNot verdict={verdict} />
        </Group>
      )}
    </Box>
  );
}
