import { Text, Tooltip } from '@mantine/core';

/**
 * An amount in USD from the server's decimal string. Shown with two decimals from a cent on and with as many as matter below; the whole
 * number is on hover and never rounded.
 */
export function Money({ usd }: { usd: string | null | undefined }) {
  if (usd == null)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  return (
    <Tooltip label={`${usd} USD`}>
      <span className="nowrap">{moneyText(usd)}</span>
    </Tooltip>
  );
}

/** `$1,234.50`, `$0.000123`: never a digit less than it takes to tell two small amounts apart. */
export function moneyText(usd: string): string {
  const amount = Number(usd);
  const digits =
    amount !== 0 && Math.abs(amount) < 0.01
      ? { maximumSignificantDigits: 3 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', ...digits }).format(amount);
}
