import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { useTimeZone } from '../../api/organizations.ts';
import { Facts } from '../../components/Facts.tsx';
import { BudgetGauges } from '../../components/limits/BudgetGauges.tsx';
import { BudgetHistory } from '../../components/limits/BudgetHistory.tsx';
import { LimitGauges, type LiveLimits } from '../../components/limits/LimitGauges.tsx';
import { BudgetsAsSet, LimitsAsSet } from '../../components/limits/LimitsAsSet.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { TagList } from '../../components/TagList.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { KeySpend, RecentCalls } from './KeySpend.tsx';
import { Owner } from './key-columns.tsx';

/** The facts of a key, and how much of its limits and budgets is used at this moment. */
export function KeyOverview({ of: key, live: { status, freshness } }: { of: Schema<'Key'>; live: LiveLimits }) {
  const timeZone = useTimeZone(key.organization_id);
  const maySeeUse = key.capabilities.includes('usage.read');
  const names = [...(key.asset_access.ineffective?.targets ?? []), ...(key.asset_access.ineffective?.access_groups ?? [])];
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          ['Secret', <span key="secret" className="mono">{`${key.prefix}…${key.last_four}`}</span>],
          ['Owner', <KeyOwner key="owner" of={key} />],
          ['Last used', <Time key="used" at={key.last_used_at} relative />],
          ...(key.revoked_at === null
            ? [['Expires', key.expires_at === null ? 'Never' : <Time key="expires" at={key.expires_at} />] as const]
            : []),
          ['Default tags', <TagList key="default" tags={key.default_tags} />],
          ['Required tags', <TagList key="required" tags={key.required_tags} />],
          ['Created', <Time key="created" at={key.created_at} />],
          ...(key.revoked_at === null ? [] : [['Revoked', <Time key="revoked" at={key.revoked_at} />] as const]),
        ]}
      />
      {maySeeUse && <KeySpend of={key} timeZone={timeZone} />}
      <Stack component="section" gap="xs">
        <Title order={2}>Budgets</Title>
        {status === null ? <BudgetsAsSet of={key} /> : <BudgetGauges budgets={status.budgets} isLive={status.live} />}
        {maySeeUse && <BudgetHistory of={{ is: 'keys', id: key.id }} budgets={key.budgets} timeZone={timeZone} heading={3} />}
      </Stack>
      <section>
        <Title order={2} mb="xs">
          Rate limits
        </Title>
        {status === null ? <LimitsAsSet of={key} /> : <LimitGauges limits={status.rate_limits} freshness={freshness} />}
        <Text fz="xs" c="dimmed" mt={4}>
          Its requests also count against the limits of its team and organization
          {key.owner.member_id === null ? '' : ' and its owner'}.
        </Text>
      </section>
      {maySeeUse && <RecentCalls keyId={key.id} />}
      <section>
        <Title order={2} mb="xs">
          Asset access
        </Title>
        <Group gap="sm">
          <Text fz="sm">
            {key.revoked_at === null ? accessSentence(key.asset_access) : 'It is revoked, so it can call nothing.'}
          </Text>
          <Anchor component={PageLink} at={links.callableModels({ key_id: key.id })} fz="sm">
            Models it can call, with prices and examples
          </Anchor>
        </Group>
        {names.length > 0 && (
          <Text fz="sm" fw={500}>
            Selected, but without effect: <span className="mono">{names.join(', ')}</span>. Its team or organization does not have
            access to them.
          </Text>
        )}
      </section>
    </Stack>
  );
}

function KeyOwner({ of: { owner, organization_id } }: { of: Schema<'Key'> }) {
  if (owner.account_id === null) return <Owner of={owner} />;
  return (
    <Anchor
      component={PageLink}
      at={links.account(owner.account_id, { organization_id, member_id: owner.member_id ?? undefined })}
      inherit
    >
      <Owner of={owner} />
    </Anchor>
  );
}

function accessSentence({ mode, targets, access_groups }: Schema<'Choice'>): string {
  if (mode === 'inherit') return 'It inherits everything that its team can call.';
  if (targets.length + access_groups.length === 0) return 'It can call nothing.';
  const groups = access_groups.map((group) => `the access group ${group}`);
  return `It is restricted to ${[...targets, ...groups].join(', ')}.`;
}
