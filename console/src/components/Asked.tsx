import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Problem } from '../api/client.ts';
import { PATHS } from '../paths.ts';
import { Awaited, type Shape } from './Skeletons.tsx';
import { useMissingObject } from './shell/NotFound.tsx';

interface AskedProps<T> {
  readonly query: UseQueryResult<T>;
  /** The shape of what comes. Defaults to a few lines. */
  readonly shape?: Shape;
  /** A skeleton for the time until the data arrives, if none of the shapes fits. */
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** Shows a query: a skeleton until the server answers, its error with a retry button, or the children with the data. */
export function Asked<T>({ query, shape = 'part', skeleton, children }: AskedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return skeleton ?? <Awaited shape={shape} />;
}

/** The page of an object that does not exist says which one was looked for. Any other error is a note. */
function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const missing = useMissingObject();
  if (error instanceof Problem && error.status === 404 && missing !== null) return missing;
  return <ProblemNote error={error} onRetry={onRetry} />;
}

/** An error in words, with the request id to give to an operator. */
export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = error instanceof Problem ? error : null;
  return (
    <Alert color="red" icon={<IconAlertTriangle size={18} />} title={titleOf(problem)} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text fz="sm">{error instanceof Error ? error.message : 'Something went wrong.'}</Text>
        {problem?.requestId != null && (
          <Text fz="xs" c="dimmed" className="mono">
            {problem.requestId}
          </Text>
        )}
        <Group gap="xs">
          {problem?.status === 404 && <BackButton />}
          {onRetry !== undefined && (
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

/** A button that leaves the page of an object that does not exist: back one page, or to the overview if there is none. */
function BackButton() {
  const router = useRouter();
  const back = () => (router.history.canGoBack() ? router.history.back() : void router.navigate({ to: PATHS.overview }));
  return (
    <Button size="xs" variant="default" onClick={back}>
      Go back
    </Button>
  );
}

function titleOf(problem: Problem | null): string {
  switch (problem?.status) {
    case 0:
      return 'No connection';
    case 403:
      return 'Not allowed';
    case 404:
      return 'Not found';
    case 412:
      return 'Changed by someone else';
    default:
      return 'That did not work';
  }
}
