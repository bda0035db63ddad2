import { Alert, Anchor, Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked, Problem } from '../../api/client.ts';
import type { PlaygroundEnd } from '../../api/playground.ts';
import { CopyText } from '../../components/CopyText.tsx';
import { Disclosure } from '../../components/Disclosure.tsx';
import { DecisionSentence, DecisionView } from '../../components/limits/DecisionView.tsx';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { unitName } from '../../components/money/price-words.ts';
import { Named } from '../../components/Named.tsx';
import { Busy } from '../../components/Skeletons.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText, durationText } from '../../numbers/numbers.ts';
import { unpricedIn } from '../requests/Costs.tsx';
import type { FullRequest } from '../requests/full-request.ts';
import { Remedies } from '../requests/Remedies.tsx';
import type { Turn } from './conversation.ts';
import { ResultView } from './results/ResultView.tsx';
import { Wire } from './Wire.tsx';
import { words } from './words.ts';

/** The display of the wire: open or closed for all turns at once. */
export interface WireState {
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

interface TurnViewProps {
  readonly turn: Turn;
  readonly wire: WireState;
  /** Absent while a call is in progress. */
  readonly onAgain?: () => void;
}

/** One question and its answer, with the entry of the request log as soon as the request is settled. */
export function TurnView({ turn, wire, onAgain }: TurnViewProps) {
  return (
    <Paper withBorder p="sm" component="article" aria-label={words.questionNumber(turn.id)}>
      <Stack gap="xs">
        <Text
          fz="sm"
          fw={600}
          lineClamp={turn.media === null ? 0 : 4}
          style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        >
          {turn.question}
        </Text>
        <Answer turn={turn} />
        {turn.end !== null && <Facts turn={turn} wire={wire} {...(onAgain === undefined ? {} : { onAgain })} />}
        {wire.isOpen && <Wire turn={turn} />}
      </Stack>
    </Paper>
  );
}

function Answer({ turn: { answer, end, model, media, sent } }: { turn: Turn }) {
  return (
    <>
      {answer !== '' && (
        <Text fz="sm" data-testid="answer" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {answer}
        </Text>
      )}
      {end === null && answer === '' && (
        <Group gap="xs">
          <Busy label={words.waitingForLabel(model)} />
          <Text fz="sm" c="dimmed">
            {words.waitingFor(model)}
          </Text>
        </Group>
      )}
      {media?.result != null && <ResultView result={media.result} sent={sent.body} />}
      {end?.is === 'answered' && media === null && answer === '' && (
        <Text fz="sm" c="dimmed">
          {words.noText}
        </Text>
      )}
      {end?.is === 'stopped' && (
        <Text fz="sm" c="dimmed">
          {media === null ? words.youStopped : words.youStoppedTheCall}
        </Text>
      )}
    </>
  );
}

interface FailureProps {
  readonly end: Extract<PlaygroundEnd, { is: 'failed' }>;
  /** The request as it was settled. Undefined until it is in the log. */
  readonly request: ReturnType<typeof useSettled>['data'];
}

/**
 * Explains a failed call. A refusal is explained by its decision, which knows when it passes. Other errors are shown as the
 * application would get them.
 */
function Failure({ end, request }: FailureProps) {
  const facts = [end.status >= 400 ? words.httpStatus(end.status) : null, end.code].filter((part) => part !== null).join(' · ');
  if (request?.decision.verdict === 'refused')
    return (
      <>
        <DecisionSentence decision={request.decision} />
        <Remedies remedies={request.remedies} request={request} />
        <Text fz="xs" c="dimmed">
          {words.applicationGets} <span className="mono">{facts}</span>: {end.message}
        </Text>
      </>
    );
  return (
    <Alert color="red" p="xs" icon={<IconAlertTriangle size={18} />} role="alert">
      <Text fz="sm">{end.message}</Text>
      <Text fz="xs" className="mono" mt={4}>
        {facts}
      </Text>
    </Alert>
  );
}

const LOOKS_MAX = 12;
const LOOK_EVERY_MS = 400;

/** Reads the settled request. It can appear in the log after its end, so this retries a 404 every 400 ms, at most 12 times. */
function useSettled(requestId: string | null) {
  return useQuery({
    queryKey: ['request', 'settled', requestId],
    queryFn: () =>
      asked(
        api.GET('/requests/{request_id}', {
          params: { path: { request_id: requestId ?? '' }, query: { content: false } },
        }),
      ),
    enabled: requestId !== null,
    retry: (failures, error) => error instanceof Problem && error.status === 404 && failures < LOOKS_MAX,
    retryDelay: LOOK_EVERY_MS,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function Facts({ turn, wire, onAgain }: TurnViewProps) {
  const [isOpen, setOpen] = useState(false);
  const requestId = turn.head?.requestId ?? null;
  const settled = useSettled(requestId);
  const request = settled.data;
  return (
    <Stack gap="xs">
      {turn.end?.is === 'failed' && <Failure end={turn.end} request={request} />}
      <Group gap="md" fz="sm" style={{ rowGap: 4 }}>
        {request !== undefined && (
          <>
            <Fact label={words.cost}>
              <Money usd={request.spend ?? (request.status === 'refused' ? '0' : null)} />{' '}
              {request.partly_priced && <PartlyPriced units={unpricedIn(request)} />}
            </Fact>
            <Used request={request} />
            {request.deployment_id !== null && (
              <Fact label={words.deployment}>
                <Named id={request.deployment_id} />
              </Fact>
            )}
          </>
        )}
        {turn.firstTextMs !== null && <Fact label={words.firstText}>{durationText(turn.firstTextMs)}</Fact>}
        {turn.totalMs !== null && <Fact label={words.total}>{durationText(turn.totalMs)}</Fact>}
        <Fact label={turn.media === null ? words.dialect : words.call}>{turn.dialect.name}</Fact>
        {turn.head !== null && <Fact label={words.status}>{turn.head.status}</Fact>}
        {turn.end?.is === 'answered' && turn.end.isCut && <Badge color="yellow">{words.cutAtMaximum}</Badge>}
        {turn.head !== null && turn.head.dropped.length > 0 && (
          <Badge color="yellow">{words.leftOutCount(turn.head.dropped.length)}</Badge>
        )}
      </Group>
      <Group gap="sm" justify="space-between">
        <Group gap="sm">
          {requestId !== null && (
            <Group gap={4} fz="xs">
              {request === undefined ? (
                <CopyText text={requestId} label={words.requestId} />
              ) : (
                <Anchor component={Link} to={addressOf(requestId, 'request') ?? '.'} fz="xs" className="mono">
                  {requestId}
                </Anchor>
              )}
            </Group>
          )}
          {request !== undefined && (
            <Disclosure size="xs" isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
              {isOpen ? words.hideTheDecision : words.showTheDecision}
            </Disclosure>
          )}
          <Disclosure size="xs" isOpen={wire.isOpen} onToggle={wire.toggle}>
            {wire.isOpen ? words.hideTheWire : words.showTheWire}
          </Disclosure>
        </Group>
        {onAgain !== undefined && (
          <Button size="compact-sm" variant="default" onClick={onAgain}>
            {words.sendAgain}
          </Button>
        )}
      </Group>
      {request !== undefined && isOpen && <DecisionView decision={request.decision} ended={request.status} />}
    </Stack>
  );
}

/** The tokens and the other units of a request. Tokens that nothing used are shown only if nothing else was used. */
function Used({ request }: { request: FullRequest }) {
  const units = unitsOf(request);
  const hasTokens = (request.input_tokens ?? 0) + (request.output_tokens ?? 0) > 0;
  return (
    <>
      {(hasTokens || units.length === 0) && (
        <Fact label={words.tokens}>{words.inOut(countText(request.input_tokens), countText(request.output_tokens))}</Fact>
      )}
      {units.map(([unit, amount]) => (
        <Fact key={unit} label={unitName(unit)}>
          {countText(amount)}
        </Fact>
      ))}
    </>
  );
}

/** Returns the units and the special tokens that the attempts used together. */
function unitsOf({ ledger }: FullRequest): readonly (readonly [unit: string, amount: number])[] {
  const sums = new Map<string, number>();
  for (const { units, other_tokens } of ledger)
    for (const [unit, amount] of Object.entries({ ...other_tokens, ...units })) sums.set(unit, (sums.get(unit) ?? 0) + amount);
  return [...sums];
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <span>
      <Text component="span" fz="sm" c="dimmed">
        {label}{' '}
      </Text>
      {children}
    </span>
  );
}
