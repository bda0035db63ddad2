import { Menu, Text, type TextProps } from '@mantine/core';
import type { Verdict } from '../../api/session.tsx';
import { reasonWith, useHolders } from './who-can.ts';

/** Says in the page why a person may not do something and who can, with the names that they may see. */
export function WhyNot({ verdict, ...rest }: TextProps & { readonly verdict: Verdict }) {
  const people = useHolders(verdict.allowed ? undefined : verdict.needs);
  if (verdict.allowed || verdict.reason === null) return null;
  return (
    <Text fz="sm" style={{ overflowWrap: 'anywhere' }} {...rest}>
      {reasonWith(verdict.reason, people)}
    </Text>
  );
}

/** The same at the end of a menu whose actions are disabled. */
export function MenuWhyNot({ verdict }: { readonly verdict: Verdict }) {
  if (verdict.allowed) return null;
  return (
    <Menu.Label maw={260}>
      <WhyNot verdict={verdict} inherit />
    </Menu.Label>
  );
}
