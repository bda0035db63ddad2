import { Alert, Anchor, List, ScrollArea, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Effect } from '../../api/organizations.ts';
import { countText } from '../../numbers/numbers.ts';
import { ProblemNote } from '../Asked.tsx';
import { LIMIT_WORDS } from '../limits/LimitBar.tsx';
import { Busy } from '../Skeletons.tsx';
import { addressOf } from '../shell/addresses.ts';
import { words } from './words.ts';

const TYPING_MS = 500;
const SHOWN_PX = 160;

/**
 * Asks the server for the effect of a change as soon as the person stops typing. A `body` of null means that no change can have
 * an effect.
 */
export function useEffectOf(path: string, body: object | null, ask: () => Promise<Effect>) {
  const text = body === null ? null : JSON.stringify(body);
  const [settled] = useDebouncedValue(text, TYPING_MS);
  const query = useQuery({
    queryKey: ['effect', path, settled],
    queryFn: ask,
    enabled: settled !== null && settled === text,
    staleTime: 5_000,
    retry: false,
  });
  return { ...query, isSettled: settled === text && !query.isFetching };
}

interface EffectPreviewProps {
  readonly query: Pick<ReturnType<typeof useEffectOf>, 'data' | 'error' | 'isFetching'>;
  /** The title above the effect of a change that is not a saving. */
  readonly title?: string;
}

/**
 * Shows before saving which targets and keys lose access, who is above a new limit, and whose narrowing has no effect any more.
 */
export function EffectPreview({ query, title = words.effectOfSaving }: EffectPreviewProps) {
  const { data, error, isFetching } = query;
  return (
    <div aria-live="polite">
      {data !== undefined && <Lines effect={data} title={title} />}
      {data === undefined && isFetching && (
        <Text fz="sm" c="dimmed">
          <Busy label={words.computing} size={10} /> {words.computingEffect}
        </Text>
      )}
      {error !== null && !isFetching && <ProblemNote error={error} />}
    </div>
  );
}

/** Reports whether the change takes access away, puts a key above a new limit, or leaves a narrowing without effect. */
export function takesAway(effect: Effect | undefined): boolean {
  return (
    effect !== undefined &&
    (effect.targets_lost.length > 0 ||
      effect.keys_losing_access > 0 ||
      effect.keys_refused > 0 ||
      effect.people_refused > 0 ||
      effect.permissions_lost.length > 0 ||
      effect.limits_removed.length > 0 ||
      (effect.keys_over_new_limit ?? []).length > 0 ||
      isIneffective(effect))
  );
}

function isIneffective({ members_ineffective_count, teams_ineffective_count }: Effect): boolean {
  return members_ineffective_count > 0 || teams_ineffective_count > 0;
}

/** Shows the effect of a change: green if nobody loses anything. */
function Lines({ effect, title }: { effect: Effect; title: string }) {
  const lines = linesOf(effect);
  if (lines.length === 0) {
    return (
      <Alert color="green" py="xs" title={words.effect} styles={{ title: { color: 'var(--mantine-color-text)' } }}>
        <Text fz="sm">{words.noEffect}</Text>
      </Alert>
    );
  }
  return (
    <Alert
      color={takesAway(effect) ? 'orange' : 'green'}
      py="xs"
      title={title}
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
    >
      {/* Long lists scroll, so that the form above and the buttons below stay in view. */}
      <ScrollArea.Autosize mah={SHOWN_PX} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': title }}>
        <List fz="sm" spacing={4} size="sm">
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines are made from one answer and never reordered.
            <List.Item key={index}>{line}</List.Item>
          ))}
        </List>
      </ScrollArea.Autosize>
    </Alert>
  );
}

function linesOf(effect: Effect): readonly ReactNode[] {
  return [
    ...accessLines(effect),
    ...stoppedLines(effect),
    ...organizationLines(effect),
    ...limitLines(effect),
    ...ineffectiveLines(effect),
    ...requestsLine(effect),
  ];
}

// A list that the reader may not see is null. The counts beside it are always there.

function accessLines({ keys_losing_access, key_examples, ...effect }: Effect): readonly ReactNode[] {
  const { targets_lost, targets_lost_count, targets_gained, targets_gained_count } = effect;
  const shown = key_examples ?? [];
  return [
    targets_lost.length > 0 && (
      <Names key="lost" verdict={words.canNoLongerBeCalled} names={targets_lost} count={targets_lost_count} />
    ),
    targets_gained.length > 0 && (
      <Names key="gained" verdict={words.canNowBeCalled} names={targets_gained} count={targets_gained_count} />
    ),
    keys_losing_access > 0 && (
      <span key="keys">
        {words.keysLoseAccess(keys_losing_access)}{' '}
        {shown.map((one, index) => (
          <span key={one.key_id}>
            {index > 0 && ', '}
            <ObjectLink id={one.key_id} name={one.name} /> ({one.team_name}: {shortList(one.lost)})
          </span>
        ))}
        {keys_losing_access > shown.length && words.andMoreKeys(countText(keys_losing_access - shown.length))}
      </span>
    ),
  ].filter((line) => line !== false);
}

function stoppedLines({ keys_refused, people_refused, permissions_lost: permissions }: Effect): readonly ReactNode[] {
  return [
    keys_refused > 0 && <span key="refused">{words.keysRefused(keys_refused)}</span>,
    people_refused > 0 && <span key="people">{words.personRefused}</span>,
    permissions.length > 0 && (
      <span key="permissions">
        {words.permissionsLost(permissions.length)} <span className="mono">{permissions.join(', ')}</span>
      </span>
    ),
  ].filter((line) => line !== false);
}

function organizationLines({ organizations_losing: losing, organizations_losing_count: count }: Effect): readonly ReactNode[] {
  return [
    ...losing.map((one) => (
      <span key={one.organization_id}>
        <ObjectLink id={one.organization_id} name={one.name} />: {words.keysLose(one.keys)} {shortList(one.lost)}
      </span>
    )),
    ...more(count - losing.length, words.moreOrganizations),
  ];
}

function limitLines({ limits_removed, keys_over_new_limit }: Effect): readonly ReactNode[] {
  return [
    ...limits_removed.map((one) => (
      <span key={`removed ${one.limit} ${one.value}`}>
        {words.noLongerLimited(LIMIT_WORDS[one.limit] ?? one.limit, one.limit, one.value)}
      </span>
    )),
    ...(keys_over_new_limit ?? []).map((one) => (
      <span key={`${one.key_id} ${one.scope} ${one.limit}`}>
        {words.overNewLimit} {one.key_id == null ? words.the(one.scope) : <ObjectLink id={one.key_id} name={one.key_id} />}{' '}
        {words.usedOfLimit(one.used, one.value, LIMIT_WORDS[one.limit] ?? one.limit)}
      </span>
    )),
  ];
}

function ineffectiveLines(effect: Effect): readonly ReactNode[] {
  const teams = effect.teams_ineffective ?? [];
  const members = effect.members_ineffective ?? [];
  return [
    ...teams.map((one) => (
      <span key={one.team_id}>
        {words.teamBefore} <ObjectLink id={one.team_id} name={one.name} /> {words.restrictedToNothing(
          shortList(one.narrowed_to),
        )}{' '}
      </span>
    )),
    ...members.map((one) => (
      <span key={one.member_id}>
        {words.memberBefore} <bdi>{one.name}</bdi> {words.restrictedToNothing(shortList(one.narrowed_to))}{' '}
      </span>
    )),
    ...more(effect.teams_ineffective_count - teams.length, words.moreTeams),
    ...more(effect.members_ineffective_count - members.length, words.moreMembers),
  ];
}

/** Says how much the keys that lose something were used, which tells whether anybody will notice. */
function requestsLine({ keys_refused, keys_losing_access, requests_last_30_days: requests }: Effect): readonly ReactNode[] {
  if (keys_refused + keys_losing_access === 0 || requests === null) return [];
  return [<span key="requests">{words.requestsLast30Days(requests)}</span>];
}

function more(count: number, line: (count: number) => string): readonly ReactNode[] {
  return count <= 0 ? [] : [<span key={line(count)}>{line(count)}</span>];
}

function Names({ verdict, names, count }: { verdict: string; names: readonly string[]; count: number }) {
  return (
    <span>
      {words.targets(count)} {verdict}: <span className="mono">{shortList(names, count)}</span>
    </span>
  );
}

function ObjectLink({ id, name }: { id: string; name: string }) {
  const to = addressOf(id);
  if (to === null) return <bdi>{name}</bdi>;
  return (
    <Anchor component={Link} to={to} target="_blank" fz="sm" c="inherit" underline="always">
      <bdi>{name}</bdi>
    </Anchor>
  );
}

const NAMES_SHOWN = 8;

function shortList(names: readonly string[], count = names.length): string {
  const more = count - NAMES_SHOWN;
  return more > 0 ? words.namesAndMore(names.slice(0, NAMES_SHOWN).join(', '), countText(more)) : names.join(', ');
}
