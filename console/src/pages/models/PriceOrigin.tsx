import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { Named } from '../../components/Named.tsx';
import { words } from './words.ts';

type Origin = Pick<Schema<'Price'>, 'source' | 'source_version' | 'created_by'>;

/** The source of a price, and who added it. */
export function PriceOrigin({ from }: { from: Origin | null }) {
  if (from === null) return <Named id={null} />;
  const { source, source_version: edition, created_by: by } = from;
  return (
    <Text component="span" fz="sm">
      {source === 'list' ? words.publishedList(edition) : source === 'imported' ? words.importedList(edition) : words.entered}
      {by !== null && (
        <span className="own-line">
          {' '}
          <span className="whole-word">{words.byName}</span> <Named id={by} />
        </span>
      )}
    </Text>
  );
}
