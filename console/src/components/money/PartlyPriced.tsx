import { Badge, Tooltip } from '@mantine/core';
import { countText } from '../../numbers/numbers.ts';
import { isPriceable, unitName } from './price-words.ts';

/** The quantity of each unit that had no price. Null if the quantity is not known. */
export type Unpriced = Readonly<Record<string, number | null>>;

/** Marks a spend that is less than what the provider charges, and names what is missing. */
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

/** Lists the units without a price: `Web search (4), Image made (3)`. */
export function unpricedNames(units: Unpriced): string {
  const names = Object.entries(units).map(([unit, amount]) =>
    amount === null ? unitName(unit) : `${unitName(unit)} (${countText(amount)})`,
  );
  return names.join(', ');
}
