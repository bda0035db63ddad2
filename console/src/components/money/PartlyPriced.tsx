import { Badge, Tooltip } from '@mantine/core';
import { countText } from '../../numbers/numbers.ts';
import { isPriceable, unitName } from './price-words.ts';
import { words } from './words.ts';

/** The quantity of each unit that had no price. Null if the quantity is not known. */
export type Unpriced = Readonly<Record<string, number | null>>;

/** Marks a spend that is less than what the provider charges, and names what is missing. */
export function PartlyPriced({ units }: { units: Unpriced }) {
  return (
    <Tooltip multiline w={300} label={partlyPricedWords(units)}>
      <Badge color="orange" miw="max-content">
        {words.partlyPriced}
      </Badge>
    </Tooltip>
  );
}

export function partlyPricedWords(units: Unpriced): string {
  const what = unpricedNames(units) || words.somethingBilled;
  const advice = Object.keys(units).every(isPriceable) ? words.adminCanSetPrice : '';
  return words.spendPartlyPriced(what, advice);
}

/** Lists the units without a price: `Web search (4), Image made (3)`. */
export function unpricedNames(units: Unpriced): string {
  const names = Object.entries(units).map(([unit, amount]) =>
    amount === null ? unitName(unit) : `${unitName(unit)} (${countText(amount)})`,
  );
  return names.join(', ');
}
