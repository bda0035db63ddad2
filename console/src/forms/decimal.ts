/** A comma that may separate decimals or thousands: `1,000`. */
const AMBIGUOUS = /^[1-9]\d{0,2},\d{3}$/;

/**
 * Returns a typed amount as the API takes it. A comma becomes a decimal point, as many locales write it: `0,15` is `0.15`. Text
 * whose comma may also separate thousands stays as it is, so that the server refuses it instead of charging 1 for 1,000.
 */
export function decimalOf(text: string): string {
  const typed = text.trim();
  return isAmbiguous(typed) ? typed : typed.replace(',', '.');
}

/** Reports whether the comma of a typed amount may separate decimals or thousands. */
export function isAmbiguous(text: string): boolean {
  return AMBIGUOUS.test(text.trim());
}
