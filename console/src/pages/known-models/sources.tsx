import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { Named } from '../../components/Named.tsx';
import { Time } from '../../components/Time.tsx';
import { words } from './words.ts';

export type KnownModel = Schema<'KnownModel'>;
type Source = KnownModel['sources'][number];

/** Names a source in a few words: a list with its version, or the price of a deployment. */
function sourceName({ list, version }: Source): string {
  return list === null ? words.givenPrice : words.versionOf(list, version ?? '').trim();
}

/** The source that decides the price of a row. */
export function SourceName({ of }: { of: KnownModel }) {
  const source = of.sources.find(({ prices }) => prices !== null) ?? of.sources[0];
  return (
    <Text fz="xs" c="dimmed" truncate>
      {source === undefined ? words.aDeployment : sourceName(source)}
    </Text>
  );
}

/** Everything about the origin of a source: its author, its day and its deployment. */
export function SourceOrigin({ of: source }: { of: Source }) {
  if (source.kind === 'given')
    return (
      <Text fz="sm" c="dimmed" component="div">
        <Named id={source.deployment_id} /> · {words.inForceSince} {source.checked_at !== null && <Time at={source.checked_at} />}
        {source.author !== null && (
          <>
            {' '}
            {words.by} <Named id={source.author} />
          </>
        )}
      </Text>
    );
  return (
    <Text fz="sm" c="dimmed">
      {sourceName(source)}
      {source.kind === 'published' && source.author !== null && ` ${words.byAuthor(source.author)}`}
      {source.published_on !== null && `, ${words.ofDay} ${source.published_on}`}
      {source.kind === 'imported' && (
        <>
          , {words.importedBy} <Named id={source.author} />
        </>
      )}
    </Text>
  );
}
