import { Group, Progress, Text } from '@mantine/core';
import { barOf, countText, shortCountText, usedRatio, usedText } from '../../numbers/numbers.ts';
import { Hint } from '../Hint.tsx';
import { words } from './words.ts';

interface LimitBarProps {
  /** `rpm`, `tpm`, `max_parallel`… */
  readonly limit: string;
  readonly value: number;
  readonly used: number;
  readonly held?: number;
  /** The target or access group that the limit is for. Null: for everything. */
  readonly target?: string | null;
  /** True where there is room: names the limit in whole words, and does not cut the text. */
  readonly isWordy?: boolean;
}

export const LIMIT_WORDS: Readonly<Record<string, string>> = words.limitWords;

export function limitName(limit: string): string {
  return limit === 'max_parallel' ? words.inFlight : limit.toUpperCase();
}

/** One configured limit and its use at this moment. A limit of 0 blocks on purpose: it is drawn as full and gray. */
export function LimitBar({ limit, value, used, held = 0, target = null, isWordy = false }: LimitBarProps) {
  const ratio = usedRatio(value, used, held);
  const unit = `${LIMIT_WORDS[limit] ?? limit}${target === null ? '' : words.forTarget(target)}`;
  const use = words.usedOfValue(countText(used), countText(value), unit, held);
  return (
    <Hint label={value === 0 ? words.everyRequestRefused(unit) : use}>
      <div style={{ minWidth: 92 }}>
        <Group gap={4} justify="space-between" wrap="nowrap">
          <Text fz="xs" {...(isWordy ? {} : { truncate: true, maw: 200 })}>
            {shortCountText(value)} {isWordy ? (LIMIT_WORDS[limit] ?? limit) : limitName(limit)}
            {target !== null && (
              <>
                {' '}
                {words.for} <span className="mono">{target}</span>
              </>
            )}
          </Text>
          <Text fz="xs" c="dimmed">
            {value === 0 ? words.blocked : usedText(ratio)}
          </Text>
        </Group>
        <Progress.Root size={5} aria-label={use}>
          <Progress.Section
            value={barOf(usedRatio(value, used))}
            color={value === 0 ? 'gray' : colorOf(ratio)}
            aria-label={words.countUsed(countText(used))}
          />
          <Progress.Section
            value={held > 0 ? barOf(usedRatio(value, held)) : 0}
            color="gray"
            aria-label={words.countHeld(countText(held))}
          />
        </Progress.Root>
      </div>
    </Hint>
  );
}

/** Returns green, yellow from 80 % or red from 95 %, the thresholds of the warning headers. */
export function colorOf(ratio: number): string {
  if (ratio >= 0.95) return 'red';
  return ratio >= 0.8 ? 'yellow' : 'green';
}
