import { Button, Stack, Text } from '@mantine/core';
import { IconBuilding } from '@tabler/icons-react';
import { startAddress } from '../../api/sso.ts';
import { words } from './words.ts';

interface ProviderButtonsProps {
  readonly providers: readonly { readonly id: string; readonly name: string }[];
  /** The page to open afterwards. */
  readonly to?: string | undefined;
  /** The address that was typed, for the form of the provider. */
  readonly email?: string | undefined;
}

/** One button for each identity provider that a person may choose. */
export function ProviderButtons({ providers, to, email }: ProviderButtonsProps) {
  return (
    <Stack gap="xs">
      {providers.map(({ id, name }) => (
        <Button key={id} component="a" href={startAddress(id, { to, email })} fullWidth leftSection={<IconBuilding size={18} />}>
          <bdi>{words.signInThrough(name)}</bdi>
        </Button>
      ))}
      <Text fz="xs" c="dimmed">
        {words.firstTimeRemoves}
      </Text>
    </Stack>
  );
}
