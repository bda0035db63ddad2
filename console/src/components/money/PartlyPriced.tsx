import { Badge, Tooltip } from '@mantine/core';
import { countText } from '../Count.tsx';
import { isPriceable, unitName } from './price-words.ts';

/** How much of each unit had no price; null where that is not known. */
export type Unpriced = Readonly<Record<string, number | null>>;

/** Says that a spend is less than what the provider charges, and what is missing. */
export function PartlyPriced({ units }: { units: Unpriced }) {
  return (
    <Tooltip multiline w={300} label={partlyPricedWords(units)}>
      <Badge color="orange" miw="max-content">
        Partly priced
      </Badge>
    </Tooltip>
  );
}

export function partlyPricedWords(units: Unpriced): string {
  const what = unpricedNames(units) || 'Something that the provider bills';
  const advice = Object.keys(units).every(isPriceable) ? ' A platform admin can set a price for it.' : '';
  return `${what} had no price: the spend may be less than what the provider charges.${advice}`;
}

/** `Web search (4), Image made (3)`. */
export function unpricedNames(units: Unpriced): string {
  const names = Object.entries(units).map(([unit, amount]) =>
    amount === null ? unitName(unit) : `${unitName(unit)} (${countText(amount)})`,
  );
  return names.join(', ');
}
