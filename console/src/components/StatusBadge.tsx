import { Badge } from '@mantine/core';

const COLORS: Readonly<Record<string, string>> = {
  active: 'green',
  healthy: 'green',
  succeeded: 'green',
  delivered: 'green',
  done: 'green',
  published: 'green',
  accepted: 'green',
  near_limit: 'yellow',
  pending: 'gray',
  estimated: 'yellow',
  cooling: 'yellow',
  idle: 'gray',
  archived: 'gray',
  disabled: 'gray',
  cancelled: 'gray',
  expired: 'gray',
  suspended: 'yellow',
  stopped: 'yellow',
  over_budget: 'red',
  refused: 'red',
  failed: 'red',
  lost: 'red',
  revoked: 'red',
  deleted: 'red',
};

/** A status in one word and one colour, the same on every page. The word is enough without the colour. */
export function StatusBadge({ status }: { status: string }) {
  return (
    <Badge color={COLORS[status] ?? 'gray'} miw="max-content">
      {wordOf(status)}
    </Badge>
  );
}

/** Returns a name in words: `near_limit` → `Near limit`. */
export function wordOf(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
