import { Alert, Badge, Group, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconArrowRight, IconCircleCheck, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { countText, exactMoneyText } from '../../numbers/numbers.ts';
import { TableScroll } from '../list/TableScroll.tsx';
import { Named } from '../Named.tsx';
import { wordOf } from '../StatusBadge.tsx';
import { Time } from '../Time.tsx';
import { DecisionTags } from './DecisionTags.tsx';
import { limitName } from './LimitBar.tsx';
import { words } from './words.ts';

export type Decision = Schema<'Decision'>;
type Rule = Decision['rules'][number];
type Access = NonNullable<Decision['access']>;

interface DecisionViewProps {
  readonly decision: Decision;
  /** The status of the request. An admitted request that did not succeed must not look like a success. */
  readonly ended?: Schema<'Request'>['status'];
  /** Shown below the sentence: what to do about a refusal. */
  readonly children?: ReactNode;
}

/**
 * Explains why a request was admitted or refused: one sentence, access level by level, the tags, and every rule in the order of
 * checking.
 */
export function DecisionView({ decision, ended = 'succeeded', children }: DecisionViewProps) {
  return (
    <Stack gap="sm">
      <DecisionSentence decision={decision} ended={ended} />
      {children}
      {decision.access !== null && <AccessSteps access={decision.access} model={decision.model} />}
      {decision.tags !== null && <DecisionTags tags={decision.tags} />}
      {decision.rules.length > 0 ? (
        <RuleTable decision={decision} />
      ) : (
        <Text fz="sm" c="dimmed">
          {decision.verdict === 'admitted' ? words.noRuleApplied : words.noRuleChecked}
        </Text>
      )}
    </Stack>
  );
}

/** The verdict in a sentence. For a refusal, also the time from which the same request would pass. */
export function DecisionSentence({ decision, ended = 'succeeded' }: Pick<DecisionViewProps, 'decision' | 'ended'>) {
  const isRefused = decision.verdict === 'refused';
  const isFailed = ended === 'failed' || ended === 'cancelled';
  const passesAt = passesAtOf(decision);
  return (
    <Alert
      color={isRefused ? 'red' : isFailed ? 'gray' : 'green'}
      variant="light"
      icon={isRefused ? <IconCircleX size={18} /> : isFailed ? <IconInfoCircle size={18} /> : <IconCircleCheck size={18} />}
      p="xs"
    >
      <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {decision.sentence}
      </Text>
      {passesAt !== null && <WhenItPasses at={passesAt} />}
    </Alert>
  );
}

function WhenItPasses({ at }: { at: string }) {
  const isOver = Date.parse(at) <= Date.now();
  return (
    <Text fz="sm" mt={4}>
      {isOver ? (
        <>
          {words.wouldPassSince} <Time at={at} seconds />
          {words.unlessMoreUsed}
        </>
      ) : (
        <>
          {words.willPass} <Time at={at} relative />
          {words.atTime} <Time at={at} seconds />
          {words.ifNothingElseUsed}
        </>
      )}
    </Text>
  );
}

/** Returns the time at which the last of the refusing rules admits the request. Null if one never does, or if none refused. */
function passesAtOf({ time, rules }: Decision): string | null {
  const waits = rules.filter(({ verdict, limit }) => verdict === 'refused' && limit !== 'max_parallel');
  if (waits.length === 0 || waits.some(({ retry_after_ms }) => retry_after_ms === null)) return null;
  const atMs = Date.parse(time) + Math.max(...waits.map(({ retry_after_ms }) => retry_after_ms ?? 0));
  // A time beyond this belongs to a period that never ends, and cannot be written as a date.
  return atMs < Date.UTC(9999, 0, 1) ? new Date(atMs).toISOString() : null;
}

const THROUGH: Readonly<Record<string, string>> = words.through;

function AccessSteps({ access, model }: { access: Access; model: string | null }) {
  if (access.steps.length === 0)
    return (
      <Text fz="sm">
        {words.organizationCannotCall} <b>{model}</b>.
      </Text>
    );
  return (
    <Group gap={6} aria-label={words.accessLevelByLevel}>
      <Text fz="sm" fw={500}>
        {words.access}
      </Text>
      {access.steps.map(({ level, through, access_group }, index) => (
        <Group key={level} gap={6} wrap="nowrap">
          {index > 0 && <IconArrowRight size={14} aria-hidden />}
          <Badge color={through === null ? 'red' : 'gray'} variant={through === null ? 'filled' : 'light'} fw={500}>
            {wordOf(level)}: {through === null ? words.notGranted : (THROUGH[through] ?? words.accessGroup(access_group))}
          </Badge>
        </Group>
      ))}
    </Group>
  );
}

function RuleTable({ decision }: { decision: Decision }) {
  return (
    <TableScroll minWidth={760}>
      <Table withTableBorder fz="sm" verticalSpacing={5} captionSide="bottom">
        <Table.Caption ta="left" fz="xs" mt={4}>
          {words.figuresOf(decision.verdict)}
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>#</Table.Th>
            <Table.Th>{words.rule}</Table.Th>
            <Table.Th>{words.scope}</Table.Th>
            <Table.Th ta="right">{words.limit}</Table.Th>
            <Table.Th ta="right">{words.settled}</Table.Th>
            <Table.Th ta="right">{words.held}</Table.Th>
            <Table.Th ta="right">{words.remaining}</Table.Th>
            <Table.Th ta="right">{words.needed}</Table.Th>
            <Table.Th>{words.verdict}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {decision.rules.map((rule, index) => (
            <RuleRow key={`${rule.rule} ${rule.scope_id}`} rule={rule} number={index + 1} decision={decision} />
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function RuleRow({ rule, number, decision }: { rule: Rule; number: number; decision: Decision }) {
  return (
    <Table.Tr {...(rule.deciding ? { bg: 'var(--mantine-color-red-light)', fw: 600 } : {})}>
      <Table.Td>{number}</Table.Td>
      <Table.Td>
        <Tooltip label={rule.rule}>
          <span className="nowrap">{ruleName(rule)}</span>
        </Tooltip>
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <Text fz="xs" c="dimmed">
            {wordOf(rule.scope)}
          </Text>
          <Named id={rule.scope_id} />
        </Group>
      </Table.Td>
      <Table.Td ta="right">{amountText(rule, rule.limit_value)}</Table.Td>
      <Table.Td ta="right">{amountText(rule, rule.settled)}</Table.Td>
      <Table.Td ta="right">{amountText(rule, rule.held)}</Table.Td>
      <Table.Td ta="right">
        {amountText(rule, rule.remaining)}
        {Number(rule.over) > 0 && (
          <Text component="span" inherit c="dimmed" display="block">
            {words.overBy(amountText(rule, rule.over))}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right">{neededText(rule, decision)}</Table.Td>
      <Table.Td>
        <RuleVerdict rule={rule} />
      </Table.Td>
    </Table.Tr>
  );
}

function RuleVerdict({ rule }: { rule: Rule }) {
  if (rule.verdict === 'passed') return <Badge color="green">{words.passed}</Badge>;
  if (rule.verdict === 'alerted')
    return (
      <Tooltip label={words.budgetOnlyAlerts}>
        <Badge color="yellow">{words.alerted}</Badge>
      </Tooltip>
    );
  return (
    <Tooltip label={rule.retry_after_ms === null ? words.largerThanLimit : words.admittedLater}>
      <Badge color="red">{rule.deciding ? words.refusedDecides : words.refused}</Badge>
    </Tooltip>
  );
}

/** Names a rule: `RPM`, `TPM for gpt-5*`, `Budget, month`. */
function ruleName({ limit, rule, target }: Rule): string {
  const period = /_budget_([a-z]+)/.exec(rule)?.[1];
  const name = limit === 'budget' ? words.budgetOf(period) : limitName(limit);
  return target === null ? name : words.nameForTarget(name, target);
}

function amountText({ unit }: Rule, amount: number | string): string {
  return unit === 'usd' ? exactMoneyText(String(amount)) : countText(Number(amount));
}

function neededText({ unit }: Rule, { requested }: Decision): string {
  if (requested === null) return '–';
  if (unit === 'usd') return exactMoneyText(requested.spend);
  return countText(unit === 'tokens' ? requested.tokens : 1);
}
