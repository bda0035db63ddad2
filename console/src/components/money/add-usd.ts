const DIGITS = 9;

/** Returns the exact sum of two of the server's amounts, which have at most nine decimals. A float would lose digits. */
export function addUsd(a: string, b: string): string {
  const sum = nanosOf(a) + nanosOf(b);
  const text = String(sum < 0n ? -sum : sum).padStart(DIGITS + 1, '0');
  return `${sum < 0n ? '-' : ''}${text.slice(0, -DIGITS)}.${text.slice(-DIGITS)}`;
}

function nanosOf(usd: string): bigint {
  const [whole = '0', decimals = ''] = usd.replace('-', '').split('.');
  const nanos = BigInt(whole) * 10n ** BigInt(DIGITS) + BigInt(decimals.padEnd(DIGITS, '0').slice(0, DIGITS));
  return usd.startsWith('-') ? -nanos : nanos;
}
