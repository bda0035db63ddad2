import { Anchor, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { Section } from '../../components/Section.tsx';
import { links, type PageAddress } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { barOf, countText, shortCountText, usedRatio } from '../../numbers/numbers.ts';
import { words } from './words.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly requests: number;
  readonly spend: string;
  readonly at: PageAddress;
}

interface TopsProps {
  readonly overview: Schema<'Overview'>;
  readonly showOrganizations: boolean;
}

/** The organizations, models and keys with the highest spend in the range. */
export function Tops({ overview, showOrganizations }: TopsProps) {
  const { from, to } = overview.range;
  const organizations = overview.top_organizations.map((one) => ({
    ...one,
    at: links.organization(one.id),
  }));
  const models = overview.top_models.map((one) => ({
    ...one,
    id: one.name,
    at: links.usage({ model: one.name, from, to }),
  }));
  const keys = overview.top_keys.map((one) => ({ ...one, at: links.key(one.id) }));
  return (
    <SimpleGrid cols={{ base: 1, md: showOrganizations ? 3 : 2 }} spacing="xl">
      {showOrganizations && <Top title={words.topOrganizations} rows={organizations} />}
      <Top title={words.topModels} rows={models} />
      <Top title={words.topKeys} rows={keys} />
    </SimpleGrid>
  );
}

const SHOWN = 6;

function Top({ title, rows }: { title: string; rows: readonly Row[] }) {
  // The highest spend comes first.
  const most = rows[0]?.spend ?? '0';
  return (
    <Section title={title}>
      {rows.length === 0 && (
        <Text fz="sm" c="dimmed">
          {words.nothingUsed}
        </Text>
      )}
      <Stack gap={8}>
        {rows.slice(0, SHOWN).map((row) => (
          <div key={row.id}>
            <Group justify="space-between" gap={0} style={{ columnGap: 'var(--mantine-spacing-xs)' }}>
              <Anchor component={PageLink} at={row.at} fz="sm" truncate flex="1 1 6rem">
                <bdi>{row.name}</bdi>
              </Anchor>
              <Text fz="sm" ta="right" component="div">
                <Text component="span" fz="xs" c="dimmed" className="nowrap">
                  <span title={countText(row.requests)}>{shortCountText(row.requests)}</span> {words.req}{' '}
                </Text>
                <Money usd={row.spend} />
              </Text>
            </Group>
            <Progress
              size={3}
              value={Number(most) === 0 ? 0 : barOf(usedRatio(most, row.spend))}
              aria-label={words.comparedWithHighest(row.name)}
            />
          </div>
        ))}
      </Stack>
    </Section>
  );
}
