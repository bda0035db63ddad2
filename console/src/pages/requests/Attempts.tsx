import { Badge, Box, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconCheck, IconPlugConnectedX, IconUnlink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Attempt } from '../../api/attempts.ts';
import { Named } from '../../components/Named.tsx';
import { durationText } from '../../numbers/numbers.ts';
import { causeOf, failedLike, nextWords, notTriedWords, RESULT_WORDS, speakerOf, summaryOf } from './attempt-words.ts';
import classes from './attempts.module.css';
import { words } from './words.ts';

interface AttemptsProps {
  /** The attempts in order. Null if an earlier version stored the request, and only their number is known. */
  readonly attempts: readonly Attempt[] | null;
  readonly count: number;
  /** False where their sum stands above: on the page of a failed request. */
  readonly isSummed: boolean;
}

/** The attempts of a request as a time line: each with its deployment, its time, its result, and what followed. */
export function Attempts({ attempts, count, isSummed }: AttemptsProps) {
  if (attempts === null)
    return (
      <Text fz="sm" c="dimmed">
        {count === 0 ? words.noProviderWasCalled : words.attemptsWithoutDetails(count)}
      </Text>
    );
  if (attempts.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.noProviderWasCalled}
      </Text>
    );
  return <TimeLine attempts={attempts} isSummed={isSummed} />;
}

function TimeLine({ attempts, isSummed }: { attempts: readonly Attempt[]; isSummed: boolean }) {
  const endMs = Math.max(1, ...attempts.map(({ started_ms, took_ms }) => started_ms + took_ms));
  return (
    <Stack gap="sm">
      {isSummed && <Text fz="sm">{summaryOf(attempts)}</Text>}
      <ol className={classes.list} aria-label={words.attemptsInOrder}>
        {attempts.map((attempt, index) => (
          <Item
            key={attempt.attempt}
            attempt={attempt}
            like={attempts.slice(0, index).find((one) => failedLike(attempt, one))}
            endMs={endMs}
            following={placeOf(attempts[index + 1])}
          />
        ))}
      </ol>
    </Stack>
  );
}

function placeOf(attempt: Attempt | undefined): string | null {
  return attempt === undefined ? null : words.modelAtProvider(attempt.upstream_model, attempt.provider);
}

const MARKS: Readonly<Record<Attempt['result'], ReactNode>> = {
  answered: <IconCheck size={14} />,
  error: <IconAlertTriangle size={14} />,
  failed: <IconPlugConnectedX size={14} />,
  broken: <IconUnlink size={14} />,
  cancelled: <IconBan size={14} />,
};

interface ItemProps {
  readonly attempt: Attempt;
  /** The first attempt that failed with the same message. */
  readonly like: Attempt | undefined;
  /** The end of the last attempt, in milliseconds since the request was admitted. */
  readonly endMs: number;
  readonly following: string | null;
}

function Item({ attempt, like, endMs, following }: ItemProps) {
  const { result, started_ms, took_ms } = attempt;
  return (
    <li className={classes.item}>
      <span className={classes.mark} data-result={result} aria-hidden>
        {MARKS[result]}
      </span>
      <Stack gap={4}>
        <Heading attempt={attempt} />
        <Text fz="sm" c="dimmed">
          {words.startedAndTook(started_ms, durationText(took_ms))}
        </Text>
        <div className={classes.track} aria-hidden>
          <div
            className={classes.bar}
            data-result={result}
            style={{ insetInlineStart: percent(started_ms, endMs), width: percent(took_ms, endMs) }}
          />
        </div>
        <Failure attempt={attempt} like={like} />
        <Text fz="sm" fw={500}>
          {nextWords(attempt, following)}
        </Text>
        <NotTried attempt={attempt} />
        {attempt.dropped.length > 0 && <Text fz="sm">{words.leftOut(attempt.dropped.join(', '))}</Text>}
      </Stack>
    </li>
  );
}

/** Says why an attempt failed, in the provider's words if there are any. What an earlier one said is not said again. */
function Failure({ attempt, like }: Pick<ItemProps, 'attempt' | 'like'>) {
  if (like !== undefined) return <Text fz="sm">{words.sameAsAttempt(like.attempt)}</Text>;
  const { message } = attempt;
  const cause = causeOf(attempt);
  return (
    <>
      {cause !== null && <Text fz="sm">{cause}</Text>}
      {message !== null && message !== '' && (
        <Box>
          <Text fz="xs" c="dimmed">
            {speakerOf(attempt)}
          </Text>
          <blockquote className={classes.said}>
            <bdi>{message}</bdi>
          </blockquote>
        </Box>
      )}
    </>
  );
}

function Heading({
  attempt: { attempt, result, status, code, deployment_id, owner, provider, upstream_model },
}: Pick<ItemProps, 'attempt'>) {
  return (
    <Group gap="xs" style={{ rowGap: 2 }}>
      <Text fz="sm" fw={600}>
        {words.attemptNumber(attempt)}
      </Text>
      <Badge color={result === 'answered' ? 'green' : result === 'cancelled' ? 'gray' : 'red'} miw="max-content">
        {RESULT_WORDS[result]}
      </Badge>
      {status !== null && <Text fz="sm">{words.httpStatus(status)}</Text>}
      {code !== null && (
        <Text fz="sm" className="mono">
          {code}
        </Text>
      )}
      <Text fz="sm" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
        <Named id={deployment_id} />, {provider} · {upstream_model}
      </Text>
      {owner === 'organization' && (
        <Badge color="blue" title={words.ownDeploymentMeans}>
          {words.ownDeployment}
        </Badge>
      )}
    </Group>
  );
}

/** The deployments that were left when the request ended, and why none of them was tried. */
function NotTried({ attempt: { not_tried } }: Pick<ItemProps, 'attempt'>) {
  if (not_tried.length === 0) return null;
  return (
    <div>
      <Text fz="sm">{words.notTriedLabel}</Text>
      <ul className={classes.others}>
        {not_tried.map(({ deployment_id, reason }) => (
          <Text key={deployment_id} component="li" fz="sm">
            <Named id={deployment_id} />: {notTriedWords(reason)}
          </Text>
        ))}
      </ul>
    </div>
  );
}

function percent(ms: number, endMs: number): string {
  return `${Math.min(100, Math.max(0, (ms / endMs) * 100))}%`;
}
