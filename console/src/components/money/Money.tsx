import { Text, Tooltip } from '@mantine/core';

/**
 * An amount in USD from the server's decimal string. Shown with two decimals from a cent on and with as many as matter below; the whole
 * number is on hover and never rounded. `exact`: every digit, as a price needs them.
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

/** `$1,234.50`, `$0.000123`: never a digit less than it takes to tell two small amounts apart. */
export function moneyText(usd: string): string {
  const amount = Number(usd);
  const digits =
    amount !== 0 && Math.abs(amount) < 0.01
      ? { maximumSignificantDigits: 3 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', ...digits }).format(amount);
}

/** `$1.25`, `$0.125`, `$99.993549`: every digit there is, two decimals at least. */
export function exactMoneyText(usd: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 15 };
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', ...digits });
  // As text: a number would lose what a decimal string says.
  return format.format(usd as `${number}`);
}
