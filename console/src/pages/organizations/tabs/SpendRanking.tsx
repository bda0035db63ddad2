import { Box, Group, Progress, Stack, Text } from '@mantine/core';
import { Named } from '../../../components/Named.tsx';
import { Money } from '../../../numbers/Money.tsx';
import { addUsd, sharesOf } from '../../../numbers/numbers.ts';
import { words } from '../words.ts';
import { dearestFirst, type GroupBy, groupOf, type UsageRow } from './usage-query.ts';

interface SpendRankingProps {
  readonly rows: readonly UsageRow[];
  readonly by: GroupBy;
  /** The text if nothing was spent. */
  readonly empty: string;
}

const SHOWN = 8;

/** The groups with the highest spend, each with its share of all spend. The shares shown add up to 100. */
export function SpendRanking({ rows, by, empty }: SpendRankingProps) {
  const ranked = dearestFirst(rows);
  const [shown, rest] = [ranked.slice(0, SHOWN), ranked.slice(SHOWN)];
  const restSpend = rest.reduce((sum, { spend }) => addUsd(sum, spend), '0');
  const shares = sharesOf([...shown.map(({ spend }) => spend), restSpend]);
  if (ranked.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {empty}
      </Text>
    );
  }
  return (
    <Stack gap={8}>
      {shown.map((row, index) => {
        const name = groupOf(row, by);
        return (
          <Box key={name ?? 'none'}>
            <Group justify="space-between" gap={0} style={{ columnGap: 'var(--mantine-spacing-xs)' }}>
              <Text fz="sm" truncate component="div" flex="1 1 6rem">
                {by === 'model' || by === 'provider' ? (
                  <span className="mono">{name ?? words.unknown}</span>
                ) : (
                  <Named id={name} />
                )}
              </Text>
              <Text fz="sm" ta="right" component="div">
                <Money usd={row.spend} />{' '}
                <Text component="span" fz="xs" c="dimmed" className="nowrap">
                  {words.shareAndRequests(shares[index] ?? '', row.admitted_requests)}
                </Text>
              </Text>
            </Group>
            <Progress
              value={Number.parseInt(shares[index] ?? '0', 10)}
              size={5}
              aria-label={words.ofTheSpend(shares[index] ?? '')}
            />
          </Box>
        );
      })}
      {rest.length > 0 && (
        <Text fz="xs" c="dimmed" component="div">
          {words.andMoreBefore(rest.length)} <Money usd={restSpend} /> {shares.at(-1)}
        </Text>
      )}
    </Stack>
  );
}
