import { Anchor, Badge, Group, Stack, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../api/client.ts';
import type { Prices } from '../../api/gateway.ts';
import { LimitBar } from '../../components/limits/LimitBar.tsx';
import { beyondText, priceLine, priceLines, unitName } from '../../components/money/price-words.ts';
import { exactMoneyText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

const TAGS_SHOWN = 3;

interface PriceTextProps {
  readonly prices: Prices | null | undefined;
  /** Units that were used in the last 30 days and have no price. */
  readonly lacks?: readonly string[];
  /** True if another cell shows the prices beyond ordinary tokens. */
  readonly isBeyondBeside?: boolean;
}

/** The input and output price and the number of further prices, all of them on hover. A badge marks what has no price. */
export function PriceText({ prices, lacks = [], isBeyondBeside = false }: PriceTextProps) {
  if (prices == null)
    return (
      <Tooltip multiline w={300} label={words.unpricedMeans}>
        <Badge color="orange" miw="max-content">
          {words.unpriced}
        </Badge>
      </Tooltip>
    );
  const beyond = isBeyondBeside ? '' : beyondText(prices);
  return (
    <Group gap={6} wrap="nowrap">
      <Tooltip label={<PriceLines prices={prices} />}>
        <Text component="span" fz="sm" className="nowrap">
          {priceLine(prices)}
          {beyond !== '' && (
            <Text component="span" inherit c="dimmed">
              {' '}
              {beyond}
            </Text>
          )}
        </Text>
      </Tooltip>
      {lacks.length > 0 && (
        <Tooltip multiline w={300} label={lackedWords(lacks)}>
          <Badge color="orange" miw="max-content">
            {words.partlyUnpriced}
          </Badge>
        </Tooltip>
      )}
    </Group>
  );
}

/** Says in a sentence which units a deployment used without a price. */
export function lackedWords(units: readonly string[]): string {
  const names = units.map(unitName).join(', ');
  return words.lacksPrices(names);
}

function PriceLines({ prices }: { prices: Prices }) {
  return (
    <Stack gap={0}>
      {priceLines(prices).map(({ label, usd }) => (
        <Text key={label} fz="xs">
          {label}: {usd === null ? words.standardPrice : exactMoneyText(usd)}
        </Text>
      ))}
    </Stack>
  );
}

interface Capacity {
  readonly limits: { readonly rpm: number | null; readonly tpm: number | null };
  /** The use in the present minute. Null if nothing is limited. */
  readonly capacity_use: Pick<NonNullable<Schema<'Deployment'>['capacity_use']>, 'requests' | 'tokens' | 'is_full'> | null;
}

/**
 * Shows the provider's capacity per minute and its use in the present minute. A full deployment is tried last, but never refuses
 * a request.
 */
export function CapacityBars({ of: { limits, capacity_use: use } }: { of: Capacity }) {
  if (use === null || (limits.rpm === null && limits.tpm === null))
    return (
      <Text component="span" fz="sm" c="dimmed" className="nowrap">
        {words.notLimited}
      </Text>
    );
  return (
    <Group gap="sm" wrap="nowrap">
      {limits.rpm !== null && <LimitBar limit="rpm" value={limits.rpm} used={use.requests} />}
      {limits.tpm !== null && <LimitBar limit="tpm" value={limits.tpm} used={use.tokens} />}
      {use.is_full && (
        <Tooltip label={words.fullMeans}>
          <Badge color="yellow">{words.full}</Badge>
        </Tooltip>
      )}
    </Group>
  );
}

/** The same use with every number written out. */
export function CapacityNow({ of }: { of: Capacity }) {
  const { limits, capacity_use: use } = of;
  const lines = [
    use === null || limits.rpm === null ? null : words.requestsOf(use.requests, limits.rpm),
    use === null || limits.tpm === null ? null : words.tokensOf(use.tokens, limits.tpm),
  ].filter((line) => line !== null);
  return (
    <Stack gap={2} maw={240}>
      <CapacityBars of={of} />
      {lines.map((line) => (
        <Text key={line} fz="xs" c="dimmed">
          {line}
        </Text>
      ))}
    </Stack>
  );
}

/** Routing tags. They choose among deployments and authorize nothing. */
export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return <Dash />;
  return (
    <Group gap={4} wrap="nowrap">
      {tags.slice(0, TAGS_SHOWN).map((tag) => (
        <Badge key={tag} variant="outline" color="gray" maw={120} style={{ flexShrink: 0 }}>
          {tag}
        </Badge>
      ))}
      <More texts={tags.slice(TAGS_SHOWN)} />
    </Group>
  );
}

/** Access groups as links to their pages. */
export function GroupLinks({ groups }: { groups: readonly string[] }) {
  if (groups.length === 0) return <Dash />;
  return (
    <Group gap={8} wrap="nowrap">
      {groups.slice(0, TAGS_SHOWN).map((key) => (
        <Anchor
          key={key}
          component={Link}
          to={PATHS.accessGroup.replace('$accessGroupKey', encodeURIComponent(key))}
          fz="sm"
          onClick={(event) => event.stopPropagation()}
        >
          {key}
        </Anchor>
      ))}
      <More texts={groups.slice(TAGS_SHOWN)} />
    </Group>
  );
}

function More({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <Tooltip label={texts.join(', ')}>
      <Text component="span" fz="xs" c="dimmed">
        +{texts.length}
      </Text>
    </Tooltip>
  );
}

function Dash() {
  return (
    <Text component="span" c="dimmed">
      –
    </Text>
  );
}
