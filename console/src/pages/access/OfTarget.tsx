import { Anchor, Button, Group, SegmentedControl, Stack, Table, Tabs, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { TargetPicker } from '../../components/fields/TargetPicker.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { PATHS } from '../../paths.ts';
import { GroupLinks } from '../models/cells.tsx';
import { grantWords, removedWords } from './step-words.ts';

type TargetAccess = Schema<'TargetAccess'>;

const LEVELS = ['organizations', 'teams', 'members', 'keys'] as const;
type Listed = (typeof LEVELS)[number];
const LEVEL_NAMES: Readonly<Record<Listed, string>> = {
  organizations: 'Organizations',
  teams: 'Teams',
  members: 'Members',
  keys: 'Keys',
};
const PAGE = 50;

interface Question {
  readonly target: string;
  readonly organizationId: string | undefined;
  readonly who: 'can' | 'cannot';
}

/** Lists who can call one target, each with its grant, or who cannot, each with the level that removed it. */
export function OfTarget() {
  const [state, setState] = useUrlState();
  const { target, organization_id: organizationId } = state;
  const who = state.who === 'cannot' ? 'cannot' : 'can';
  return (
    <>
      <Group align="flex-end" gap="sm">
        <TargetPicker
          label="Target"
          placeholder="Model or route group"
          w={260}
          value={target ?? null}
          onChange={(name) => setState({ target: name ?? undefined, ask: 'target' })}
        />
        <ObjectSelect
          kind="organization"
          label="Organization"
          placeholder="All organizations"
          value={organizationId}
          onChange={(id) => setState({ organization_id: id })}
        />
        <SegmentedControl
          aria-label="Who is listed"
          data={[
            { value: 'can', label: 'Who can' },
            { value: 'cannot', label: 'Who cannot, and why' },
          ]}
          value={who}
          onChange={(value) => setState({ who: value === 'cannot' ? value : undefined })}
        />
      </Group>
      {target === undefined ? (
        <EmptyState title="Choose a target">
          Choose a model or a route group. You then see everyone who can call it and through which grant, or everyone who cannot
          and which level excludes it.
        </EmptyState>
      ) : (
        <Answer question={{ target, organizationId, who }} />
      )}
    </>
  );
}

function Answer({ question }: { question: Question }) {
  const [state, setState] = useUrlState();
  const shown = LEVELS.find((level) => level === state.level) ?? 'organizations';
  const target = useQuery({
    queryKey: ['access', 'explain-target', question],
    queryFn: () => explainTarget(question, undefined, undefined),
  });
  return (
    <Asked query={target}>
      {(found) => (
        <Stack gap="sm">
          <Summary access={found} who={question.who} />
          <Tabs value={shown} onChange={(level) => setState({ level: level ?? undefined })} keepMounted={false}>
            <Tabs.List>
              {LEVELS.map((level) => (
                <Tabs.Tab key={level} value={level}>
                  {LEVEL_NAMES[level]} ({found[level].length}
                  {found.next_cursors[level] === null ? '' : '+'})
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {LEVELS.map((level) => (
              <Tabs.Panel key={level} value={level} pt="sm">
                <Who question={question} level={level} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </Stack>
      )}
    </Asked>
  );
}

function Summary({ access, who }: { access: TargetAccess; who: Question['who'] }) {
  if (access.type === null)
    return (
      <Text fz="sm">
        {who === 'can'
          ? 'No target has this name, or no one that you may see can call it.'
          : 'No target has this name, or everyone that you may see can call it.'}
      </Text>
    );
  return (
    <Group gap="xs">
      <Text fz="sm">
        {access.type === 'model' ? 'A model' : 'A route group'} in{' '}
        {access.access_groups.length === 0 ? 'no access group. It can be granted only by its name, or with everything.' : ''}
      </Text>
      {access.access_groups.length > 0 && <GroupLinks groups={access.access_groups} />}
    </Group>
  );
}

async function explainTarget(question: Question, level: Listed | undefined, cursor: string | undefined): Promise<TargetAccess> {
  const answer = await asked(
    api.GET('/access/explain', {
      params: {
        query: {
          target: question.target,
          limit: PAGE,
          who: question.who,
          ...(question.organizationId === undefined ? {} : { organization_id: question.organizationId }),
          ...(level === undefined ? {} : { level }),
          ...(cursor === undefined ? {} : { cursor }),
        },
      },
    }),
  );
  if ('key_id' in answer) throw new Error('a question about a target is answered about a target');
  return answer;
}

function Who({ question, level }: { question: Question; level: Listed }) {
  const list = useInfiniteQuery({
    queryKey: ['access', 'who', question, level],
    queryFn: ({ pageParam }) => explainTarget(question, level, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursors[level] ?? undefined,
  });
  if (list.isError) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  const rows = (list.data?.pages ?? []).flatMap((page) => page[level]);
  if (list.isSuccess && rows.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {question.who === 'can'
          ? `None of the ${LEVEL_NAMES[level].toLowerCase()} can call it.`
          : `All ${LEVEL_NAMES[level].toLowerCase()} here can call it.`}
      </Text>
    );
  return (
    <Stack gap="xs" align="flex-start">
      <Table.ScrollContainer minWidth={640} w="100%">
        <Table withTableBorder aria-label={`${LEVEL_NAMES[level]} that ${question.who} call ${question.target}`}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              {level !== 'organizations' && <Table.Th>Organization</Table.Th>}
              <Table.Th>Status</Table.Th>
              <Table.Th>{question.who === 'can' ? 'Through' : 'Why not'}</Table.Th>
              {level === 'keys' && <Table.Th />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.id}>
                <Table.Td>{level === 'members' ? <bdi>{row.name}</bdi> : <Named id={row.id} />}</Table.Td>
                {level !== 'organizations' && (
                  <Table.Td>
                    <Named id={row.organization_id} />
                  </Table.Td>
                )}
                <Table.Td>
                  <StatusBadge status={row.status} />
                </Table.Td>
                <Table.Td>{question.who === 'can' ? grantWords(row.grant) : removedWords(row.removed_by)}</Table.Td>
                {level === 'keys' && (
                  <Table.Td>
                    <Anchor component={Link} to={`${PATHS.accessExplorer}?ask=key&key=${row.id}`} fz="sm">
                      Explain
                    </Anchor>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {list.hasNextPage && (
        <Button variant="default" size="xs" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Stack>
  );
}
