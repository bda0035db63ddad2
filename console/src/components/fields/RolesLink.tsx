import { Anchor, type AnchorProps } from '@mantine/core';
import { links } from '../../links.ts';
import { PageLink } from '../PageLink.tsx';
import { words } from './words.ts';

/** Leads to what each role may do, in a tab of its own: it stands in forms that are half filled in. */
export function RolesLink(props: AnchorProps) {
  return (
    <Anchor component={PageLink} at={links.roles()} target="_blank" fz="xs" w="fit-content" {...props}>
      {words.whatMayRolesDo}
    </Anchor>
  );
}
