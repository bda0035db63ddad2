import { Text } from '@mantine/core';
import { Hint } from '../components/Hint.tsx';
import { exactMoneyText, moneyText } from './numbers.ts';

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
    <Hint label={`${usd} USD`}>
      <span className="nowrap">{exact ? exactMoneyText(usd) : moneyText(usd)}</span>
    </Hint>
  );
}
