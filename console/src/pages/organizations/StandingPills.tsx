import { Group, UnstyledButton } from '@mantine/core';
import { type OrganizationsSummary, STANDINGS } from '../../api/organizations.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { wordOf } from '../../components/StatusBadge.tsx';
import { countText } from '../../numbers/numbers.ts';
import classes from './pills.module.css';
import { words } from './words.ts';

/** Filters by standing. Each pill shows the server's count over the whole result. */
export function StandingPills({ counts }: { counts: OrganizationsSummary | undefined }) {
  const [state, setState] = useUrlState();
  const choose = (status: string | undefined) => setState({ status, cursor: undefined });
  const pills = [
    { status: undefined, label: words.all, count: counts?.total },
    ...STANDINGS.map((status) => ({ status, label: wordOf(status), count: counts?.by_status[status] })),
  ];
  return (
    <Group gap={4} role="group" aria-label={words.status}>
      {pills.map(({ status, label, count }) => (
        <UnstyledButton
          key={label}
          className={classes.pill}
          aria-pressed={state.status === status}
          onClick={() => choose(status)}
        >
          {label}
          <span className={classes.count}>{count === undefined ? '' : countText(count)}</span>
        </UnstyledButton>
      ))}
    </Group>
  );
}
