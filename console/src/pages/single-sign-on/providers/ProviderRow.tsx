import { Alert, Badge, Box, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { IdentityProvider } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { type Verdict, verdictOf } from '../../../api/session.tsx';
import { Disclosure } from '../../../components/Disclosure.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { roleWord } from '../../../components/fields/RoleSelect.tsx';
import { ActionMenu } from '../../../components/list/ActionMenu.tsx';
import { Time } from '../../../components/Time.tsx';
import { ToEnter } from '../ToEnter.tsx';
import { words } from '../words.ts';
import type { Doing } from './doing.ts';
import { useActivate } from './ProviderActions.tsx';
import { WaitingKeys } from './WaitingKeys.tsx';

const COLORS: Readonly<Record<IdentityProvider['state'], string>> = {
  draft: 'gray',
  tested: 'blue',
  active: 'green',
  off: 'gray',
};

interface ProviderRowProps {
  readonly provider: IdentityProvider;
  readonly organization: Organization;
  /** True to show at once what to enter at the provider, as after it was created. */
  readonly isOpenedAtStart: boolean;
  readonly onDo: (is: Doing['is']) => void;
}

/** One identity provider: its state in words, the next step, and what to enter at the provider. */
export function ProviderRow({ provider, organization, isOpenedAtStart, onDo }: ProviderRowProps) {
  const [isOpen, setOpen] = useState(isOpenedAtStart || provider.state === 'draft');
  const verdict = verdictOf('identity.manage', organization);
  const { name, protocol, state } = provider;
  return (
    <Box component="section" aria-label={name}>
      <Group justify="space-between" gap="xs" align="flex-start">
        <Stack gap={2} miw={0} flex="1 1 320px">
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
              <bdi>{name}</bdi>
            </Text>
            <Badge color={COLORS[state]}>{words.providerState[state]}</Badge>
            <Text fz="sm" c="dimmed">
              {words.protocolName[protocol]}
            </Text>
          </Group>
          <Text fz="sm" c="dimmed" component="div">
            <StateInWords provider={provider} />
          </Text>
        </Stack>
        <Buttons provider={provider} verdict={verdict} onDo={onDo} />
      </Group>
      <Stack gap={6} mt={6}>
        <Text fz="sm">{peopleWords(provider)}</Text>
        {provider.next_config !== null && (
          <Alert color="yellow" title={words.newConfigWaits} py="xs">
            {words.newConfigWaitsMeans}
          </Alert>
        )}
        <WaitingKeys provider={provider} organization={organization} />
        <Disclosure size="xs" isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
          {isOpen ? words.hideToEnter : words.showToEnter}
        </Disclosure>
        {isOpen && <AtProvider provider={provider} />}
      </Stack>
    </Box>
  );
}

interface ButtonsProps {
  readonly provider: IdentityProvider;
  readonly verdict: Verdict;
  readonly onDo: (is: Doing['is']) => void;
}

/** The next step as the first button, and the rest behind it. */
function Buttons({ provider, verdict, onDo }: ButtonsProps) {
  const activating = useActivate(provider);
  const { name, state, protocol } = provider;
  const untested: Verdict = { allowed: false, reason: words.testFirst };
  const isIncomplete = provider.protocol === 'oidc' && (provider.next_config ?? provider.config).client_id === undefined;
  const mayTest: Verdict = verdict.allowed && isIncomplete ? { allowed: false, reason: words.enterClientIdFirst } : verdict;
  const mayActivate = !verdict.allowed ? verdict : state === 'draft' ? untested : verdict;
  return (
    <Group gap={6}>
      <GuardedButton
        size="compact-sm"
        variant={state === 'draft' ? 'filled' : 'default'}
        verdict={mayTest}
        aria-label={words.testNamed(name)}
        onClick={() => onDo('test')}
      >
        {words.testConnection}
      </GuardedButton>
      {state !== 'active' && (
        <GuardedButton
          size="compact-sm"
          variant={state === 'tested' ? 'filled' : 'default'}
          verdict={mayActivate}
          loading={activating.isPending}
          aria-label={words.activateNamed(name)}
          onClick={() => activating.mutate()}
        >
          {words.activate}
        </GuardedButton>
      )}
      <ActionMenu
        label={words.actionsFor(name)}
        verdict={verdict}
        actions={[
          { label: words.edit, does: () => onDo('edit') },
          ...(protocol === 'saml' ? [{ label: words.replaceSigningKey, does: () => onDo('signing-key') }] : []),
          ...(state === 'active' ? [{ label: words.switchOff, does: () => onDo('switch-off') }] : []),
          { label: words.delete, does: () => onDo('delete'), isDestructive: true },
        ]}
      />
    </Group>
  );
}

function StateInWords({ provider: { state, tested_at, last_sign_in_at } }: { provider: IdentityProvider }) {
  if (state === 'tested' && tested_at !== null)
    return (
      <>
        {words.testPassed} <Time at={tested_at} relative />. {words.providerStateMeans.tested}
      </>
    );
  if (state === 'active')
    return (
      <>
        {words.providerStateMeans.active}{' '}
        {last_sign_in_at === null ? (
          words.noSignInYet
        ) : (
          <>
            {words.lastSignIn} <Time at={last_sign_in_at} relative />.
          </>
        )}
      </>
    );
  return words.providerStateMeans[state];
}

/** Says what people get who come in by the provider. */
function peopleWords(provider: IdentityProvider): string {
  const { creates_accounts: creates, default_role, groups_claim, second_factor_values: values } = provider;
  return [
    creates ? words.createsAs(roleWord(default_role)) : words.createsNone,
    groups_claim === null ? words.readsNoGroups : words.readsGroups(groups_claim),
    values.length === 0 ? words.showsNoFactor : words.showsFactor(values.join(', ')),
  ].join(' ');
}

/** The addresses of this gateway that the provider must know. */
function AtProvider({ provider: { protocol, redirect_url, entity_id, start_url } }: { provider: IdentityProvider }) {
  if (redirect_url === null) return <Alert color="yellow">{words.needsPublicUrl}</Alert>;
  const logout = redirect_url.replace(/callback$/, 'backchannel-logout');
  return (
    <Stack gap={6}>
      <Text fz="sm" c="dimmed">
        {words.enterAtProvider[protocol]}
      </Text>
      <ToEnter
        rows={[
          ...(protocol === 'oidc'
            ? [
                { label: words.redirectUri, value: redirect_url },
                { label: words.logoutUri, value: logout },
              ]
            : [
                { label: words.acsUrl, value: redirect_url },
                { label: words.entityId, value: entity_id ?? '' },
              ]),
          ...(start_url === null ? [] : [{ label: words.startUrl, value: start_url }]),
        ]}
      />
    </Stack>
  );
}
