import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { useTimeZone } from '../../api/organizations.ts';
import { Facts } from '../../components/Facts.tsx';
import { labelLimitsWords } from '../../components/fields/policy-words.ts';
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
import { words } from './words.ts';

/** The facts of a key, and how much of its limits and budgets is used at this moment. */
export function KeyOverview({ of: key, live: { status, freshness } }: { of: Schema<'Key'>; live: LiveLimits }) {
  const timeZone = useTimeZone(key.organization_id);
  const maySeeUse = key.capabilities.includes('usage.read');
  const names = [...(key.asset_access.ineffective?.targets ?? []), ...(key.asset_access.ineffective?.access_groups ?? [])];
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          key.kind === 'api'
            ? [words.secret, <span key="secret" className="mono">{`${key.prefix}…${key.last_four}`}</span>]
            : [words.kind, words.kinds[key.kind]],
          [words.owner, <KeyOwner key="owner" of={key} />],
          [words.lastUsed, <Time key="used" at={key.last_used_at} relative />],
          ...(key.revoked_at === null
            ? [[words.expires, key.expires_at === null ? words.never : <Time key="expires" at={key.expires_at} />] as const]
            : []),
          [words.defaultTags, <TagList key="default" tags={key.default_tags} />],
          [words.requiredTags, <TagList key="required" tags={key.required_tags} />],
          [words.requireEndUser, key.require_end_user ? words.yes : words.no],
          [words.labelLimits, labelLimitsWords(key.label_limits)],
          [words.callerTags, words.callerTagsAre[key.caller_tags]],
          [words.created, <Time key="created" at={key.created_at} />],
          ...(key.revoked_at === null ? [] : [[words.revoked, <Time key="revoked" at={key.revoked_at} />] as const]),
        ]}
      />
      {maySeeUse && <KeySpend of={key} timeZone={timeZone} />}
      <Stack component="section" gap="xs">
        <Title order={2}>{words.budgets}</Title>
        {status === null ? <BudgetsAsSet of={key} /> : <BudgetGauges budgets={status.budgets} isLive={status.live} />}
        {maySeeUse && <BudgetHistory of={{ is: 'keys', id: key.id }} budgets={key.budgets} timeZone={timeZone} heading={3} />}
      </Stack>
      <section>
        <Title order={2} mb="xs">
          {words.rateLimits}
        </Title>
        {status === null ? <LimitsAsSet of={key} /> : <LimitGauges limits={status.rate_limits} freshness={freshness} />}
        <Text fz="xs" c="dimmed" mt={4}>
          {key.owner.member_id === null ? words.limitsAbove : words.limitsAboveWithOwner}
        </Text>
      </section>
      {maySeeUse && <RecentCalls keyId={key.id} />}
      <section>
        <Title order={2} mb="xs">
          {words.assetAccess}
        </Title>
        <Group gap="sm">
          <Text fz="sm">{key.revoked_at === null ? accessSentence(key.asset_access) : words.revokedCallsNothing}</Text>
          <Anchor component={PageLink} at={links.callableModels({ key_id: key.id })} fz="sm">
            {words.modelsItCanCall}
          </Anchor>
        </Group>
        {names.length > 0 && (
          <Text fz="sm" fw={500}>
            {words.selectedWithoutEffect} <span className="mono">{names.join(', ')}</span>. {words.noAccessAbove}
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
  if (mode === 'inherit') return words.inheritsAll;
  if (targets.length + access_groups.length === 0) return words.itCanCallNothing;
  const groups = access_groups.map((group) => words.theAccessGroup(group));
  return words.isRestrictedTo([...targets, ...groups].join(', '));
}
