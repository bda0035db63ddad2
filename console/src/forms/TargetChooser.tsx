import { Anchor, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../api/client.ts';
import { keptWithin } from '../api/kept.ts';
import { useCan, useSession } from '../api/session.tsx';
import { PageLink } from '../components/PageLink.tsx';
import { links } from '../links.ts';
import { moneyText } from '../numbers/numbers.ts';
import type { AccessLevel, AccessPreview } from './access-level.ts';
import { ChooserList, type ChooserRow } from './ChooserList.tsx';
import { words } from './words.ts';

interface TargetChooserProps {
  readonly level: AccessLevel;
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  /** The targets that the parent may call; null for an organization, which has no parent. */
  readonly parent: AccessPreview | null;
  readonly disabled: boolean;
  readonly errorOf: (name: string) => string | undefined;
}

const SHOWN = 200;
const LEVEL_WORDS: Readonly<Record<string, string>> = words.levelWords;

/** Lists models and route groups with kind and price. Targets that the parent lacks are disabled, with the reason. */
export function TargetChooser({ level, chosen, onChange, parent, disabled, errorOf }: TargetChooserProps) {
  const [search, setSearch] = useState('');
  const [asking] = useDebouncedValue(search.trim(), 200);
  const targets = useTargets(level, asking);
  const removedBy = new Map((parent?.outside ?? []).map((one) => [one.name, one.removed_by]));
  const listed = targets.data?.data ?? [];
  const names = new Set(listed.map((target) => target.name));
  const hidden = [...removedBy.keys()].filter((name) => !names.has(name) && name.startsWith(asking));
  const rows: ChooserRow[] = [
    ...listed.map((target) => ({ ...rowOf(target), ...because(removedBy.get(target.name), level) })),
    ...hidden.map((name) => ({ id: name, label: name, ...because(removedBy.get(name), level) })),
  ];
  return (
    <ChooserList
      label={words.modelsAndRouteGroups}
      rows={rows}
      chosen={chosen}
      onChange={onChange}
      search={search}
      onSearch={setSearch}
      loading={targets.isFetching}
      disabled={disabled}
      errorOf={errorOf}
      empty={words.noModelsYet}
      note={
        targets.data?.next_cursor != null ? (
          <Text fz="xs" c="dimmed">
            {words.firstByName(SHOWN)}
          </Text>
        ) : undefined
      }
    />
  );
}

/** Loads the whole catalogue if the person may see it, otherwise what the organization is granted. */
function useTargets(level: AccessLevel, search: string) {
  const seesAll = useSession().platform_capabilities.includes('platform.read');
  const query = {
    limit: SHOWN,
    ...(search === '' ? {} : { search }),
    ...(seesAll || level.organizationId === undefined ? {} : { organization_id: level.organizationId }),
  };
  return useQuery({
    queryKey: ['callable-targets', 'choose', seesAll ? null : level.organizationId, query],
    queryFn: () => asked(api.GET('/callable-targets', { params: { query } })),
    placeholderData: keptWithin(['callable-targets', 'choose', seesAll ? null : level.organizationId]),
    staleTime: 30_000,
  });
}

function rowOf(target: Schema<'CallableTarget'>): ChooserRow {
  const { prices } = target;
  const price = prices?.input_per_million == null ? null : words.priceIn(moneyText(prices.input_per_million));
  const output = prices?.output_per_million == null ? null : words.priceOut(moneyText(prices.output_per_million));
  const cost = [price, output].filter((part) => part !== null).join(', ');
  const parts = [
    target.type === 'route_group' ? words.routeGroup : words.model,
    target.providers.join(', '),
    target.access_groups.length === 0 ? '' : words.inGroups(target.access_groups.join(', ')),
    cost === '' ? words.noPrice : words.perMillionTokens(cost),
  ];
  return { id: target.name, label: target.name, detail: parts.filter((part) => part !== '').join(' · ') };
}

function because(removedBy: string | undefined, level: AccessLevel): Pick<ChooserRow, 'disabledBecause'> {
  if (removedBy === undefined || level.is === 'organization') return {};
  return { disabledBecause: <WhyOutside removedBy={removedBy} organizationId={level.organizationId} /> };
}

function WhyOutside({ removedBy, organizationId }: { removedBy: string; organizationId: string }) {
  return (
    <>
      {LEVEL_WORDS[removedBy] ?? words.notAvailableAbove}
      {removedBy === 'organization' && <GrantLink organizationId={organizationId} />}
    </>
  );
}

/** Links to the page where an admin can grant it; tells everyone else to ask an admin. */
export function GrantLink({ organizationId }: { organizationId: string }) {
  const verdict = useCan('organizations.cap', organizationId);
  if (!verdict.allowed) return <> {words.askAdminForIt}</>;
  return (
    <>
      {' '}
      <Anchor component={PageLink} at={links.organization(organizationId, { tab: 'access' })} fz="xs">
        {words.grantToOrganization}
      </Anchor>
    </>
  );
}
