import { Badge, Text, Tooltip } from '@mantine/core';
import type { Schema } from '../api/client.ts';
import { moneyChangeText, percentChangeText } from './numbers.ts';

/**
 * A change of spend since the period before: `+$0.50 (+25.0%)`, or `new` where there was nothing. Undefined: not known. The exact
 * amounts are on hover.
 */
export function Change({ previous }: { previous: Schema<'PreviousUsage'> | null | undefined }) {
  if (previous === undefined)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  if (previous === null)
    return (
      <Badge variant="light" size="sm" tt="none">
        new
      </Badge>
    );
  const { spend, spend_difference: difference, spend_change_percent: percents } = previous;
  return (
    <Tooltip label={`${difference} USD; ${spend} USD in the period before`}>
      <span className="nowrap">
        {moneyChangeText(difference)}
        {percents !== null && ` (${percentChangeText(percents)})`}
      </span>
    </Tooltip>
  );
}
