import { Text, Tooltip } from '@mantine/core';

/**
 * An amount in USD from the server's decimal string. From one cent on it has two decimals, and below that three significant
 * digits. The exact amount is on hover. `exact` shows every digit, as prices need.
 */
export function Money({ usd, exact = false }: { usd: string | null | undefined; exact?: boolean }) {
  if (usd == null)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  return (
    <Tooltip label={`${usd} USD`}>
      <span className="nowrap">{exact ? exactMoneyText(usd) : moneyText(usd)}</span>
    </Tooltip>
  );
}

/** Formats an amount: `$1,234.50`. Below one cent it keeps three significant digits: `$0.000123`. */
export function moneyText(usd: string): string {
  const amount = Number(usd);
  const digits =
    amount !== 0 && Math.abs(amount) < 0.01
      ? { maximumSignificantDigits: 3 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', ...digits }).format(amount);
}

/** Formats every digit of an amount, with at least two decimals: `$1.25`, `$0.125`, `$99.993549`. */
export function exactMoneyText(usd: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 15 };
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', ...digits });
  // Formats the text itself: a number would lose digits of the decimal string.
  return format.format(usd as `${number}`);
}
