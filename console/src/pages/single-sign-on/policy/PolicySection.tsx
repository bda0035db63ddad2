import { Alert, Group, List, Stack, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { policyQuery, type SignInPolicy } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { Asked } from '../../../components/Asked.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { FactTable } from '../../../components/FactTable.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { Section } from '../../../components/Section.tsx';
import { Time } from '../../../components/Time.tsx';
import { words } from '../words.ts';
import { PolicyDialog } from './PolicyDialog.tsx';

/** The policy: what a sign-in must show for this organization. */
export function PolicySection({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  const policy = useQuery(policyQuery(organization.id));
  const verdict = verdictOf('identity.manage', organization);
  return (
    <Section
      title={words.signInPolicy}
      aside={
        <GuardedButton
          variant="default"
          verdict={verdict}
          leftSection={<IconPencil size={16} />}
          onClick={() => set({ change: 'policy' }, 'push')}
        >
          {words.changePolicy}
        </GuardedButton>
      }
    >
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.policyMeans}
      </Text>
      <Asked query={policy}>
        {(data) => (
          <Stack gap="md">
            <PolicyFacts policy={data} />
            {data.sign_in === 'sso' && <WhileDown slug={organization.slug} policy={data} />}
          </Stack>
        )}
      </Asked>
      <PolicyDialog
        opened={state.change === 'policy' && verdict.allowed}
        organization={organization}
        onClose={() => set({ change: undefined })}
      />
    </Section>
  );
}

function PolicyFacts({ policy }: { policy: SignInPolicy }) {
  const rows: readonly (readonly [string, ReactNode])[] = [
    [words.waysToSignIn, words.signInMode[policy.sign_in]],
    [words.secondFactor, words.secondFactorMode[policy.second_factor]],
    [words.countsFor, words.countHours(policy.evidence_hours)],
    [words.endsIdle, policy.idle_minutes === null ? words.noIdleLimit : words.countMinutes(policy.idle_minutes)],
    ...(policy.sign_in === 'any' && policy.break_glass.length === 0 ? [] : [[words.breakGlass, ownersOf(policy)] as const]),
    [words.askAgain, policy.asks_again ? words.yes : words.no],
    ...(policy.enforced_at === null ? [] : [[words.enforcedSince, <Time key="since" at={policy.enforced_at} />] as const]),
  ];
  return <FactTable facts={rows} nameWidth={{ base: 130, xs: 220 }} maw={760} />;
}

/** Says what happens while the identity provider cannot be reached. */
function WhileDown({ policy, slug }: { policy: SignInPolicy; slug: string }) {
  return (
    <Alert color="gray" title={words.whileDown} maw={760}>
      <List fz="sm" spacing={2}>
        <List.Item>{words.downKeepsSessions(words.countHours(policy.evidence_hours))}</List.Item>
        <List.Item>{words.downKeepsKeys}</List.Item>
        <List.Item>{words.downLetsIn(ownersOf(policy))}</List.Item>
        <List.Item>
          <Group gap={4}>
            {words.downRelease} <span className="mono">{words.releaseCommand(slug)}</span>
          </Group>
        </List.Item>
      </List>
    </Alert>
  );
}

/** Names the break-glass owners, and says which of them cannot come in now. */
function ownersOf({ break_glass: owners }: SignInPolicy): string {
  if (owners.length === 0) return words.nobody;
  return owners
    .map(({ account_id, name, passkeys, is_owner: isOwner }) =>
      isOwner ? (passkeys === 0 ? words.withoutPasskey(name) : name) : words.noOwner(account_id),
    )
    .join(', ');
}
