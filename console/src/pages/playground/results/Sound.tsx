import { Button, Group, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { bytesText } from '../../../numbers/numbers.ts';
import { words } from '../words.ts';
import { NoResult } from './NoResult.tsx';

/** Speech: to hear, and to keep as a file. */
export function Sound({ sound }: { sound: Blob }) {
  const [address, setAddress] = useState<string | null>(null);
  const [isUnplayable, setUnplayable] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(sound);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [sound]);
  if (sound.size === 0) return <NoResult />;
  if (address === null) return null;
  return (
    <Group gap="sm" data-testid="answer">
      {isUnplayable ? (
        <Text fz="sm" c="dimmed">
          {words.soundUnplayable}
        </Text>
      ) : (
        // biome-ignore lint/a11y/useMediaCaption: the text that is spoken is above.
        <audio controls src={address} aria-label={words.speech} onError={() => setUnplayable(true)} />
      )}
      <Button
        component="a"
        href={address}
        download={`speech.${endingOf(sound.type)}`}
        size="compact-sm"
        variant="default"
        leftSection={<IconDownload size={14} />}
      >
        {words.download}
      </Button>
      <Text fz="xs" c="dimmed">
        {sound.type} · {bytesText(sound.size)}
      </Text>
    </Group>
  );
}

const ENDINGS: Readonly<Record<string, string>> = { mpeg: 'mp3', 'x-wav': 'wav', wave: 'wav', ogg: 'ogg', opus: 'opus' };

function endingOf(type: string): string {
  const [, kind = ''] = /^audio\/([\w-]+)/.exec(type) ?? [];
  return ENDINGS[kind] ?? (kind === '' ? 'bin' : kind);
}
