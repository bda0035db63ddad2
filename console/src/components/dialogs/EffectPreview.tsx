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

/**
 * Shows before saving which targets and keys lose access, who is above a new limit, and whose narrowing has no effect any more.
 */
export function EffectPreview({ query }: { query: Pick<ReturnType<typeof useEffectOf>, 'data' | 'error' | 'isFetching'> }) {
  const { data, error, isFetching } = query;
  return (
    <div aria-live="polite">
      {data !== undefined && <Lines effect={data} />}
      {data === undefined && isFetching && (
        <Text fz="sm" c="dimmed">
          <Busy label="Computing" size={10} /> Computing the effect of this change…
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
function Lines({ effect }: { effect: Effect }) {
  const lines = linesOf(effect);
  if (lines.length === 0) {
    return (
      <Alert color="green" py="xs" title="Effect" styles={{ title: { color: 'var(--mantine-color-text)' } }}>
        <Text fz="sm">No one loses access. No key is over a new limit.</Text>
      </Alert>
    );
  }
  return (
    <Alert
      color={takesAway(effect) ? 'orange' : 'green'}
      py="xs"
      title="Effect of saving"
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
    >
      {/* Long lists scroll, so that the form above and the buttons below stay in view. */}
      <ScrollArea.Autosize mah={SHOWN_PX} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Effect of saving' }}>
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
      <Names key="lost" words="can no longer be called" names={targets_lost} count={targets_lost_count} />
    ),
    targets_gained.length > 0 && (
      <Names key="gained" words="can now be called" names={targets_gained} count={targets_gained_count} />
    ),
    keys_losing_access > 0 && (
      <span key="keys">
        {plural(keys_losing_access, 'key loses', 'keys lose')} access:{' '}
        {shown.map((one, index) => (
          <span key={one.key_id}>
            {index > 0 && ', '}
            <ObjectLink id={one.key_id} name={one.name} /> ({one.team_name}: {shortList(one.lost)})
          </span>
        ))}
        {keys_losing_access > shown.length && ` and ${countText(keys_losing_access - shown.length)} more`}
      </span>
    ),
  ].filter((line) => line !== false);
}

function stoppedLines({ keys_refused, people_refused, permissions_lost: permissions }: Effect): readonly ReactNode[] {
  return [
    keys_refused > 0 && <span key="refused">{plural(keys_refused, 'key is', 'keys are')} refused for every call.</span>,
    people_refused > 0 && <span key="people">The person can no longer act here.</span>,
    permissions.length > 0 && (
      <span key="permissions">
        The person loses {plural(permissions.length, 'permission', 'permissions')}:{' '}
        <span className="mono">{permissions.join(', ')}</span>
      </span>
    ),
  ].filter((line) => line !== false);
}

function organizationLines({ organizations_losing: losing, organizations_losing_count: count }: Effect): readonly ReactNode[] {
  return [
    ...losing.map((one) => (
      <span key={one.organization_id}>
        <ObjectLink id={one.organization_id} name={one.name} />: {plural(one.keys, 'key loses', 'keys lose')}{' '}
        {shortList(one.lost)}
      </span>
    )),
    ...more(count - losing.length, 'organization', 'organizations'),
  ];
}

function limitLines({ limits_removed, keys_over_new_limit }: Effect): readonly ReactNode[] {
  return [
    ...limits_removed.map((one) => (
      <span key={`removed ${one.limit} ${one.value}`}>
        No longer limited: {LIMIT_WORDS[one.limit] ?? one.limit} {one.limit === 'budget' ? `of $${one.value}` : `at ${one.value}`}
      </span>
    )),
    ...(keys_over_new_limit ?? []).map((one) => (
      <span key={`${one.key_id} ${one.scope} ${one.limit}`}>
        Already over the new limit: {one.key_id == null ? `the ${one.scope}` : <ObjectLink id={one.key_id} name={one.key_id} />}{' '}
        used {one.used} of {one.value} {LIMIT_WORDS[one.limit] ?? one.limit}
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
        The team <ObjectLink id={one.team_id} name={one.name} /> is restricted to {shortList(one.narrowed_to)}. It could then call
        nothing.{' '}
      </span>
    )),
    ...members.map((one) => (
      <span key={one.member_id}>
        The member <bdi>{one.name}</bdi> is restricted to {shortList(one.narrowed_to)}. It could then call nothing.{' '}
      </span>
    )),
    ...more(effect.teams_ineffective_count - teams.length, 'team', 'teams'),
    ...more(effect.members_ineffective_count - members.length, 'member', 'members'),
  ];
}

/** Says how much the keys that lose something were used, which tells whether anybody will notice. */
function requestsLine({ keys_refused, keys_losing_access, requests_last_30_days: requests }: Effect): readonly ReactNode[] {
  if (keys_refused + keys_losing_access === 0 || requests === null) return [];
  return [<span key="requests">{plural(requests, 'request', 'requests')} in the last 30 days.</span>];
}

function more(count: number, one: string, many: string): readonly ReactNode[] {
  return count <= 0 ? [] : [<span key={many}>The same for {plural(count, `more ${one}`, `more ${many}`)}.</span>];
}

function Names({ words, names, count }: { words: string; names: readonly string[]; count: number }) {
  return (
    <span>
      {plural(count, 'target', 'targets')} {words}: <span className="mono">{shortList(names, count)}</span>
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
  return more > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${countText(more)} more` : names.join(', ');
}

function plural(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
