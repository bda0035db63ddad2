import { Progress, Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

/** The lines of a batch in words, with a bar while it runs. */
export function Lines({ of: { lines, ended_at } }: { of: Pick<Schema<'Batch'>, 'lines' | 'ended_at'> }) {
  const { total, completed, failed } = lines;
  const share = (part: number) => (total === 0 ? 0 : (100 * part) / total);
  return (
    <Stack gap={4} miw={120}>
      <Text fz="sm" component="span">
        {words.linesDone(completed, failed, total)}
      </Text>
      {ended_at === null && (
        <Progress.Root size="sm" aria-hidden>
          <Progress.Section value={share(completed)} color="green" />
          <Progress.Section value={share(failed)} color="red" />
        </Progress.Root>
      )}
    </Stack>
  );
}
