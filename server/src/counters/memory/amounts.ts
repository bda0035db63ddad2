/**
 * Throws a RangeError unless all three are whole numbers from 0 to 2^53 − 1. With any other number a comparison could be false
 * that must refuse.
 */
export function mustBeWhole(one: number, two: number, three: number): void {
  if (isWhole(one) && isWhole(two) && isWhole(three)) return;
  throw new RangeError('an amount to count must be a whole number from 0 to 9007199254740991');
}

function isWhole(amount: number): boolean {
  return amount >= 0 && Number.isSafeInteger(amount);
}
