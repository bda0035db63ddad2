/** What is not a whole number from 0 to 2^53 − 1 would make a comparison false that must refuse. Throws a RangeError on any that is not. */
export function mustBeWhole(one: number, two: number, three: number): void {
  if (isWhole(one) && isWhole(two) && isWhole(three)) return;
  throw new RangeError('an amount to count must be a whole number from 0 to 9007199254740991');
}

function isWhole(amount: number): boolean {
  return amount >= 0 && Number.isSafeInteger(amount);
}
