import { Tooltip, UnstyledButton } from '@mantine/core';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import classes from './pills.module.css';
import { words } from './words.ts';

/** A filter for organizations whose budgets may miss spend, because something they used had no price. */
export function IncompletePill() {
  const [state, setState] = useUrlState();
  const isOn = state.unpriced === 'true';
  return (
    <Tooltip multiline w={300} label={words.unpricedUseMeans}>
      <UnstyledButton
        className={classes.pill}
        aria-pressed={isOn}
        onClick={() => setState({ unpriced: isOn ? undefined : 'true', cursor: undefined })}
      >
        {words.unpricedUse}
      </UnstyledButton>
    </Tooltip>
  );
}
