import { Anchor, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { IconBuilding } from '@tabler/icons-react';
import type { Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { useSignOut } from '../../api/sign-out.ts';
import { RETURN_PATH_LENGTH_MAX, startAddress } from '../../api/sso.ts';
import { useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { words } from './words.ts';

type WaysToShowAgain = Schema<'LoginPlaces'>['again'];

interface ShowAgainProps {
  readonly ways: WaysToShowAgain;
  readonly isByPasskey: boolean;
  readonly onByPasskey: (is: boolean) => void;
  readonly password: string;
  readonly onPassword: (text: string) => void;
  /** The page to come back to. */
  readonly to: string;
  /** Keeps what was entered, before the person leaves the page. */
  readonly onLeave: () => void;
}

/** Asks a person whose sign-in is old to show again that it is them, in the ways that their account has. */
export function ShowAgain(props: ShowAgainProps) {
  const { ways, isByPasskey, onByPasskey, password, onPassword } = props;
  const isOwn = ways.password || ways.passkey;
  return (
    <Stack gap="xs">
      {isOwn && !isByPasskey && (
        <PasswordInput
          label={words.yourPassword}
          description={words.whyAgain}
          required
          withAsterisk={false}
          maxLength={128}
          autoComplete="current-password"
          value={password}
          onChange={(event) => onPassword(event.currentTarget.value)}
        />
      )}
      {isOwn && isByPasskey && (
        <Text fz="sm">
          {words.whyAgain} {words.passkeyIsAsked}
        </Text>
      )}
      {ways.password && ways.passkey && (
        <Anchor component="button" type="button" fz="sm" w="fit-content" onClick={() => onByPasskey(!isByPasskey)}>
          {isByPasskey ? words.usePassword : words.usePasskey}
        </Anchor>
      )}
      <Elsewhere {...props} isOwn={isOwn} />
    </Stack>
  );
}

/** The ways that leave the page and come back to it: the person's providers, or without any way a new sign-in. */
function Elsewhere({ ways, to, onLeave, isOwn }: ShowAgainProps & { isOwn: boolean }) {
  const { account } = useSession();
  const signOut = useSignOut();
  const openPage = useOpenPage();
  const providers = to.length > RETURN_PATH_LENGTH_MAX ? [] : ways.providers;
  if (isOwn && providers.length === 0) return null;
  const again = async () => {
    await signOut();
    onLeave();
    await openPage(links.signIn({ to }), 'replace');
  };
  return (
    <Stack gap={4}>
      <Text fz="sm">{isOwn ? words.orThroughProvider : `${words.whyAgain} ${words.comesBack}`}</Text>
      <Group gap="xs">
        {providers.map(({ id, name }) => (
          <Button
            key={id}
            component="a"
            href={startAddress(id, { to, email: account.email, isFresh: true })}
            variant={isOwn ? 'default' : 'filled'}
            leftSection={<IconBuilding size={16} />}
            onClick={onLeave}
          >
            <bdi>{words.throughProvider(name)}</bdi>
          </Button>
        ))}
        {providers.length === 0 && (
          <Button variant="default" onClick={() => void again()}>
            {words.signInAgain}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
