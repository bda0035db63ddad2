import { Group, Text } from '@mantine/core';
import type { MediaResult } from '../../../api/media/call-media.ts';
import { CopyIcon } from '../../../components/CopyText.tsx';
import { words } from '../words.ts';
import { NoResult } from './NoResult.tsx';

/** The text of a recording. Subtitles are shown as they came. */
export function Transcript({ result: { json, text } }: { result: MediaResult }) {
  const said: unknown = json === null ? text : json.text;
  if (typeof said !== 'string' || said.trim() === '') return <NoResult />;
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap" justify="space-between">
      <Text fz="sm" miw={0} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} data-testid="answer">
        {said.trim()}
      </Text>
      <CopyIcon text={said} label={words.theText} />
    </Group>
  );
}
