import { Box, Group, Progress, Stack, Text } from '@mantine/core';
import { countText } from '../../../components/Count.tsx';
import { Money } from '../../../components/money/Money.tsx';
import { Named } from '../../../components/Named.tsx';
import { dearestFirst, type GroupBy, groupOf, type UsageRow } from './usage-query.ts';

interface SpendRankingProps {
  readonly rows: readonly UsageRow[];
  readonly by: GroupBy;
  readonly total: string;
  /** The text if nothing was spent. */
  readonly empty: string;
}

const SHOWN = 8;

/** The groups with the highest spend, each with its share of the total. */
export function SpendRanking({ rows, by, total, empty }: SpendRankingProps) {
  const ranked = dearestFirst(rows);
  if (ranked.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {empty}
      </Text>
    );
  }
  return (
    <Stack gap={8}>
      {ranked.slice(0, SHOWN).map((row) => {
        const name = groupOf(row, by);
        const share = Number(total) === 0 ? 0 : (Number(row.spend) / Number(total)) * 100;
        return (
          <Box key={name ?? 'none'}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text fz="sm" truncate component="div">
                {by === 'model' || by === 'provider' ? <span className="mono">{name ?? 'unknown'}</span> : <Named id={name} />}
              </Text>
              <Text fz="sm" className="nowrap" component="div">
                <Money usd={row.spend} />{' '}
                <Text component="span" fz="xs" c="dimmed">
                  {countText(row.requests)} req
                </Text>
              </Text>
            </Group>
            <Progress value={share} size={5} aria-label={`${Math.round(share)}% of the spend`} />
          </Box>
        );
      })}
      {ranked.length > SHOWN && (
        <Text fz="xs" c="dimmed">
          and {countText(ranked.length - SHOWN)} more
        </Text>
      )}
    </Stack>
  );
}
