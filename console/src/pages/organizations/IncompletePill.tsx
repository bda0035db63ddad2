import { Tooltip, UnstyledButton } from '@mantine/core';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import classes from './pills.module.css';

/** A filter for organizations whose budgets may miss spend, because something they used had no price. */
export function IncompletePill() {
  const [state, setState] = useUrlState();
  const isOn = state.unpriced === 'true';
  return (
    <Tooltip
      multiline
      w={300}
      label="Organizations with a budget that used something without a price in the last 30 days. The spend of their budgets may be incomplete. The history of each budget shows what is missing."
    >
      <UnstyledButton
        className={classes.pill}
        aria-pressed={isOn}
        onClick={() => setState({ unpriced: isOn ? undefined : 'true', cursor: undefined })}
      >
        Unpriced use
      </UnstyledButton>
    </Tooltip>
  );
}
