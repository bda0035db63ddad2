import { Anchor, Stack, Text } from '@mantine/core';
import { links } from '../../links.ts';
import { PageLink } from '../PageLink.tsx';

interface MemberLinkProps {
  readonly of: { readonly account_id: string; readonly organization_id: string; readonly name: string; readonly email: string };
  readonly memberId: string;
}

/** A member's name and address in a list, as a link to the account's page that shows this membership. */
export function MemberLink({ of: member, memberId }: MemberLinkProps) {
  return (
    <Stack gap={0} maw={280}>
      <Anchor
        component={PageLink}
        at={links.account(member.account_id, { organization_id: member.organization_id, member_id: memberId })}
        fz="sm"
        fw={500}
        truncate
      >
        <bdi>{member.name}</bdi>
      </Anchor>
      <Text fz="xs" c="dimmed" truncate>
        <bdi>{member.email}</bdi>
      </Text>
    </Stack>
  );
}
