import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { Json } from '../../../api/dialects/dialect.ts';
import { words } from '../words.ts';
import { NoResult } from './NoResult.tsx';

/** The pictures of an answer. One that is elsewhere is a link: the page loads nothing from other servers. */
export function Pictures({ answer, prompt }: { answer: Json; prompt: string }) {
  const data: unknown = answer?.data;
  if (!Array.isArray(data) || data.length === 0) return <NoResult />;
  return (
    <Group gap="md" align="flex-start" data-testid="answer">
      {data.map((picture: Json, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the order of an answer is fixed.
        <Picture key={index} picture={picture} number={index + 1} prompt={prompt} />
      ))}
    </Group>
  );
}

const WIDTH = 320;

function Picture({ picture, number, prompt }: { picture: Json; number: number; prompt: string }) {
  const base64: unknown = picture?.b64_json;
  const address: unknown = picture?.url;
  if (typeof base64 === 'string' && base64 !== '') {
    const type = typeOf(base64);
    const source = `data:image/${type};base64,${base64}`;
    return (
      <Stack gap={4} component="figure" m={0} maw={WIDTH}>
        <img src={source} alt={words.pictureOf(prompt)} className="playground-picture" />
        <Group justify="space-between" gap="xs">
          <Button
            component="a"
            href={source}
            download={`picture-${number}.${type}`}
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={14} />}
          >
            {words.download}
          </Button>
        </Group>
        {typeof picture.revised_prompt === 'string' && (
          <Text fz="xs" c="dimmed">
            {words.revisedPrompt(picture.revised_prompt)}
          </Text>
        )}
      </Stack>
    );
  }
  if (typeof address !== 'string' || !/^https?:\/\//.test(address)) return <NoResult />;
  return (
    <Text fz="sm">
      {words.pictureIsElsewhere}{' '}
      <Anchor href={address} target="_blank" rel="noreferrer noopener">
        {words.openPicture(number)}
      </Anchor>
    </Text>
  );
}

/** Returns the type of a picture, by its first bytes in base64. */
function typeOf(base64: string): 'png' | 'jpeg' | 'webp' {
  if (base64.startsWith('/9j/')) return 'jpeg';
  return base64.startsWith('UklGR') ? 'webp' : 'png';
}
