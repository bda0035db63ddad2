import { Menu } from '@mantine/core';
import type { Verdict } from '../../api/session.tsx';
import { MenuWhyNot } from '../dialogs/WhyNot.tsx';
import { PageLink } from '../PageLink.tsx';
import { RowMenu } from './RowMenu.tsx';

/** An action on a row of a list: something that happens, or a link to another page. */
export interface RowAction {
  readonly label: string;
  readonly does?: () => void;
  readonly at?: Parameters<typeof PageLink>[0]['at'];
  /** Set if it also needs something of the row that is not there. */
  readonly isOff?: boolean;
  readonly isDestructive?: boolean;
}

interface ActionMenuProps {
  /** The name of the button for screen readers. */
  readonly label: string;
  /** Says whether the person may change the row. Links need no permission. */
  readonly verdict: Verdict;
  readonly actions: readonly RowAction[];
}

/** The menu of a row whose actions all need one permission. */
export function ActionMenu({ label, verdict, actions }: ActionMenuProps) {
  return (
    <RowMenu label={label}>
      {() => (
        <>
          <MenuWhyNot verdict={verdict} />
          {actions.map(({ label: text, does, at, isOff = false, isDestructive = false }) =>
            at === undefined ? (
              <Menu.Item key={text} disabled={!verdict.allowed || isOff} onClick={does} {...(isDestructive && { color: 'red' })}>
                {text}
              </Menu.Item>
            ) : (
              <Menu.Item key={text} component={PageLink} at={at}>
                {text}
              </Menu.Item>
            ),
          )}
        </>
      )}
    </RowMenu>
  );
}
