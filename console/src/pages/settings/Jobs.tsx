import { Alert, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { StatusBadge, wordOf } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { durationText } from '../../numbers/numbers.ts';
import { Drifts } from './Drifts.tsx';
import { words } from './words.ts';

type Job = Schema<'Job'>;

const REFETCH_MS = 5_000;

/**
 * Lists the background jobs with their schedules and results, and the drift that the proof found. One process runs a job at a
 * time.
 */
export function Jobs() {
  const query = useQuery({ queryKey: ['jobs'], queryFn: () => asked(api.GET('/jobs')), refetchInterval: REFETCH_MS });
  return (
    <Stack gap="md">
      <Text fz="sm" c="dimmed">
        {words.jobsMean}
      </Text>
      <Asked query={query} shape="rows">
        {({ data, trouble }) => (
          <>
            {trouble !== null && <Alert color="red">{words.processRunsNoJobs(trouble)}</Alert>}
            <JobTable jobs={data} />
          </>
        )}
      </Asked>
      <Title order={2}>{words.sumsThatDifferedFromTheLedger}</Title>
      <Drifts />
    </Stack>
  );
}

function JobTable({ jobs }: { jobs: readonly Job[] }) {
  const verdict = useCan('settings.manage');
  const queryClient = useQueryClient();
  const running = useMutation({
    mutationFn: (name: string) => asked(api.POST('/jobs/{name}/run', { params: { path: { name } } })),
    onSuccess: async ({ queued }, name) => {
      saved(queued ? words.wasStarted(titleOf(name)) : words.alreadyRunning(titleOf(name)));
      await queryClient.invalidateQueries({ queryKey: ['jobs'] });
    },
  });
  return (
    <>
      {running.isError && <ProblemNote error={running.error} />}
      <TableScroll minWidth={760}>
        <Table fz="sm" withTableBorder verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.job}</Table.Th>
              <Table.Th>{words.lastRun}</Table.Th>
              <Table.Th>{words.result}</Table.Th>
              <Table.Th>{words.next}</Table.Th>
              <Table.Th>{words.action}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {jobs.map((job) => (
              <Table.Tr key={job.name}>
                <Table.Td maw={300}>
                  <Text fz="sm" fw={500}>
                    {titleOf(job.name)}
                  </Text>
                  <Text fz="xs" c="dimmed">
                    {job.about}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <LastRun job={job} />
                </Table.Td>
                <Table.Td maw={320}>
                  <Outcome job={job} />
                </Table.Td>
                <Table.Td>
                  <Time at={job.next_run_at} relative />
                  <Text fz="xs" c="dimmed" className="mono nowrap">
                    {job.schedule}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <GuardedButton
                    verdict={verdict}
                    size="compact-sm"
                    variant="default"
                    aria-label={words.runNowNamed(titleOf(job.name))}
                    loading={running.isPending && running.variables === job.name}
                    onClick={() => running.mutate(job.name)}
                  >
                    {words.runNow}
                  </GuardedButton>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </>
  );
}

function LastRun({ job: { runs } }: { job: Job }) {
  const [last] = runs;
  if (last === undefined)
    return (
      <Text fz="sm" c="dimmed">
        {words.notYet}
      </Text>
    );
  const tookMs = last.finished_at === null ? null : Date.parse(last.finished_at) - Date.parse(last.started_at);
  return (
    <>
      <Time at={last.started_at} relative />
      <Text fz="xs" c="dimmed">
        {tookMs === null ? words.runningNow : words.tookDuration(durationText(tookMs))}
        {last.asked_by !== null && (
          <>
            {words.startedBy} <bdi>{last.asked_by}</bdi>
          </>
        )}
      </Text>
    </>
  );
}

function Outcome({ job: { runs } }: { job: Job }) {
  const [last] = runs;
  if (last === undefined) return null;
  if (last.outcome === null) return <Badge color="blue">{words.running}</Badge>;
  return (
    <>
      <StatusBadge status={last.outcome} />
      {last.summary !== null && (
        <Text fz="xs" mt={2}>
          {last.summary}
        </Text>
      )}
    </>
  );
}

/** Returns the name of a job in words: `rollup-repair` → `Rollup repair`. */
function titleOf(name: string): string {
  return wordOf(name.replaceAll('-', '_'));
}
