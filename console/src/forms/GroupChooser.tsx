import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../api/client.ts';
import { keptWithin } from '../api/kept.ts';
import { useSession } from '../api/session.tsx';
import { useTagWarning } from '../components/fields/TagWarning.tsx';
import type { AccessLevel } from './access-level.ts';
import { ChooserList, type ChooserRow } from './ChooserList.tsx';
import { GrantLink } from './TargetChooser.tsx';
import { words } from './words.ts';

interface GroupChooserProps {
  readonly level: AccessLevel;
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly disabled: boolean;
  readonly errorOf: (key: string) => string | undefined;
}

const GROUP_KEY = /^[a-z0-9._-]{1,64}$/;

/** Shows access groups to choose from. A group without members is allowed: it applies when a target is labelled. */
export function GroupChooser({ level, chosen, onChange, disabled, errorOf }: GroupChooserProps) {
  const [search, setSearch] = useState('');
  const [asking] = useDebouncedValue(search.trim(), 200);
  const { rows, loading } = useGroups(level, asking, chosen);
  return (
    <ChooserList
      label={words.accessGroups}
      rows={rows}
      chosen={chosen}
      onChange={onChange}
      search={search}
      onSearch={setSearch}
      loading={loading}
      disabled={disabled}
      errorOf={errorOf}
      empty={words.noAccessGroupsYet}
    />
  );
}

function useGroups(level: AccessLevel, search: string, chosen: readonly string[]) {
  const seesAll = useSession().platform_capabilities.includes('platform.read');
  const all = useQuery({
    queryKey: ['access-groups', 'choose', search],
    queryFn: () => asked(api.GET('/access-groups', { params: { query: { limit: 200, ...(search === '' ? {} : { search }) } } })),
    placeholderData: keptWithin(['access-groups', 'choose']),
    enabled: seesAll,
    staleTime: 30_000,
  });
  const held = useHeldGroups(level);
  const matches = (key: string) => key.startsWith(search);
  const known = (all.data?.data ?? []).map((group) => ({
    ...rowOf(group.key, group.member_count),
    ...(group.name === group.key ? {} : { badge: group.name }),
    warning: group.warning,
  }));
  const seen = new Set(known.map((row) => row.id));
  const further = held.rows.filter((row) => !seen.has(row.id) && matches(row.id));
  const listed = new Set([...seen, ...further.map((row) => row.id)]);
  const isNew = level.is === 'organization' && GROUP_KEY.test(search) && !listed.has(search) && !chosen.includes(search);
  const isUnknown = isNew || (chosen.includes(search) && !listed.has(search));
  const tagWarning = useTagWarning(isUnknown ? search : '');
  const unlabelled = [...chosen.filter((key) => !listed.has(key) && matches(key)), ...(isNew ? [search] : [])];
  const rows = [
    ...[...known, ...further].map((row) => withReason(row, level, held.reachable)),
    ...unlabelled.map((key) => ({
      id: key,
      label: key,
      badge: words.noTargetsYet,
      detail: EMPTY_WORDS,
      warning: key === search ? tagWarning : null,
    })),
  ];
  return { rows, loading: all.isFetching || held.loading };
}

const EMPTY_WORDS = words.takesEffectLater;

function rowOf(key: string, members: number): ChooserRow {
  return { id: key, label: key, detail: members === 0 ? EMPTY_WORDS : words.targetsNow(members) };
}

function withReason(row: ChooserRow, level: AccessLevel, reachable: ReadonlySet<string> | null): ChooserRow {
  if (level.is === 'organization' || reachable === null || reachable.has(row.id)) return row;
  const disabledBecause = (
    <>
      {words.groupNotGranted}
      <GrantLink organizationId={level.organizationId} />
    </>
  );
  return { ...row, disabledBecause };
}

/** Returns an organization's groups: granted to it, or labels of its callable targets. `reachable`: null if all are. */
function useHeldGroups(level: AccessLevel) {
  const organizationId = level.organizationId ?? '';
  const below = level.is !== 'organization';
  const access = useQuery({
    queryKey: ['organization', organizationId, 'asset-access'],
    queryFn: () => asked(api.GET('/organizations/{id}/asset-access', { params: { path: { id: organizationId } } })),
    enabled: below,
  });
  const effective = useQuery({
    queryKey: ['organization', organizationId, 'effective-access'],
    queryFn: () => asked(api.GET('/organizations/{id}/effective-access', { params: { path: { id: organizationId } } })),
    enabled: below,
  });
  const members = new Map<string, number>();
  for (const key of access.data?.access_groups ?? []) members.set(key, 0);
  for (const target of effective.data?.data ?? []) {
    for (const key of target.access_groups) members.set(key, (members.get(key) ?? 0) + 1);
  }
  const isKnown = access.data !== undefined && effective.data !== undefined;
  return {
    loading: below && !isKnown && !access.isError && !effective.isError,
    rows: [...members].map(([key, count]) => rowOf(key, count)),
    reachable: !isKnown || access.data?.mode === 'all' ? null : new Set(members.keys()),
  };
}
