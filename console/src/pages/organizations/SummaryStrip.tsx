import { Box, SimpleGrid, Skeleton, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { OrganizationsSummary } from '../../api/organizations.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

/** Totals over the whole result, not only the page that is shown. */
export function SummaryStrip({ query }: { query: UseQueryResult<OrganizationsSummary> }) {
  const { data, isError } = query;
  return (
    <Box role="group" aria-label={words.totals}>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md" verticalSpacing="xs">
        <Fact label={words.spendThisPeriod} value={data && <Money usd={data.spend_period} />} isMissing={isError} />
        <Fact label={words.teams} value={data && countText(data.teams)} isMissing={isError} />
        <Fact label={words.grantedTargets} value={data && countText(data.granted_targets)} isMissing={isError} />
        <Fact
          label={words.overBudget}
          value={
            data && (
              <span style={data.over_budget > 0 ? { color: 'light-dark(#b02525, #ff8787)' } : undefined}>
                {countText(data.over_budget)}
              </span>
            )
          }
          isMissing={isError}
        />
      </SimpleGrid>
    </Box>
  );
}

function Fact({ label, value, isMissing }: { label: string; value: ReactNode; isMissing: boolean }) {
  return (
    <div>
      <Text fz="xs" c="dimmed">
        {label}
      </Text>
      {value === undefined && !isMissing ? (
        <Skeleton h={22} w={80} my={2} />
      ) : (
        <Text fz="lg" fw={600} lh={1.3} component="div">
          {value ?? '–'}
        </Text>
      )}
    </div>
  );
}
