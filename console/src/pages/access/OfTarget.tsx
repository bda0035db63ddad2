import { Anchor, Button, Group, SegmentedControl, Stack, Table, Tabs, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { TargetPicker } from '../../components/fields/TargetPicker.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { links } from '../../links.ts';
import { GroupLinks } from '../models/cells.tsx';
import { grantWords, removedWords } from './step-words.ts';
import { words } from './words.ts';

type TargetAccess = Schema<'TargetAccess'>;

const LEVELS = ['organizations', 'teams', 'members', 'keys'] as const;
type Listed = (typeof LEVELS)[number];
const LEVEL_NAMES: Readonly<Record<Listed, string>> = words.levelNames;
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
          label={words.target}
          placeholder={words.chooseOrSearch}
          w={260}
          value={target ?? null}
          onChange={(name) => setState({ target: name ?? undefined, ask: 'target' })}
        />
        <ObjectSelect
          kind="organization"
          label={words.organization}
          placeholder={words.allOrganizations}
          value={organizationId}
          onChange={(id) => setState({ organization_id: id })}
        />
        <SegmentedControl
          aria-label={words.whoIsListed}
          data={[
            { value: 'can', label: words.whoCan },
            { value: 'cannot', label: words.whoCannotAndWhy },
          ]}
          value={who}
          onChange={(value) => setState({ who: value === 'cannot' ? value : undefined })}
        />
      </Group>
      {target === undefined ? (
        <EmptyState title={words.chooseATarget}>{words.chooseTargetHint}</EmptyState>
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
  if (access.type === null) return <Text fz="sm">{who === 'can' ? words.noTargetWhoCan : words.noTargetWhoCannot}</Text>;
  return (
    <Group gap="xs">
      <Text fz="sm">
        {access.type === 'model' ? words.aModelIn : words.aRouteGroupIn}{' '}
        {access.access_groups.length === 0 ? words.noAccessGroup : ''}
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
          ? words.noneCanCall(LEVEL_NAMES[level].toLowerCase())
          : words.allCanCall(LEVEL_NAMES[level].toLowerCase())}
      </Text>
    );
  return (
    <Stack gap="xs" align="flex-start">
      <Table.ScrollContainer minWidth={640} w="100%">
        <Table withTableBorder aria-label={words.whoCallsTarget(LEVEL_NAMES[level], question.who, question.target)}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.name}</Table.Th>
              {level !== 'organizations' && <Table.Th>{words.organization}</Table.Th>}
              <Table.Th>{words.status}</Table.Th>
              <Table.Th>{question.who === 'can' ? words.through : words.whyNot}</Table.Th>
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
                    <Anchor
                      component={PageLink}
                      at={links.accessExplorer({ ask: 'key', key: row.id, target: question.target })}
                      fz="sm"
                    >
                      {words.explain}
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
          {words.showMore}
        </Button>
      )}
    </Stack>
  );
}
