import { Alert, Group, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Disclosure } from '../components/Disclosure.tsx';
import { countText } from '../numbers/numbers.ts';
import type { AccessDraft } from './access-draft.ts';
import { type AccessLevel, type AccessPreview, useAccessPreview } from './access-level.ts';
import { words } from './words.ts';

interface AccessCountProps {
  readonly level: AccessLevel;
  readonly draft: AccessDraft;
  readonly holder: string;
}

/** Shows `This organization can call 12 targets`, updated live, and the list of them on a click. */
export function AccessCount({ level, draft, holder }: AccessCountProps) {
  const preview = useAccessPreview(level, draft);
  const [opened, { toggle }] = useDisclosure(false);
  if (preview.isError) {
    return (
      <Text fz="sm" c="dimmed" role="status">
        {words.targetsNotComputed(preview.error.message)}
      </Text>
    );
  }
  const count = preview.data?.count;
  return (
    <Alert color={count === 0 ? 'orange' : 'green'} py="xs" role="status" aria-live="polite">
      <Group gap="xs">
        <Text fz="sm">
          {words.canCall(holder)} <b>{count === undefined ? '…' : countText(count)}</b> {words.targetsAfterCount(count)}
        </Text>
        {count !== undefined && count > 0 && (
          <Disclosure isOpen={opened} onToggle={toggle}>
            {opened ? words.hideTargets : words.showTargets}
          </Disclosure>
        )}
      </Group>
      {opened && preview.data !== undefined && <Names preview={preview.data} />}
    </Alert>
  );
}

function Names({ preview }: { preview: AccessPreview }) {
  const more = preview.count - preview.targets.length;
  return (
    <ScrollArea.Autosize mah={160} mt={6} type="auto">
      <Text fz="xs" component="div">
        {preview.targets.map((target) => (
          <div key={target.name}>
            <span className="mono">{target.name}</span>{' '}
            <Text component="span" fz="xs" c="dimmed">
              {throughWords(target)}
            </Text>
          </div>
        ))}
        {more > 0 && <div>{words.andMore(countText(more))}</div>}
      </Text>
    </ScrollArea.Autosize>
  );
}

function throughWords({ through, access_group }: AccessPreview['targets'][number]): string {
  if (access_group !== null) return words.throughAccessGroup(access_group);
  return through === 'target' ? words.selected : through === 'all' ? words.everythingIsGranted : words.inherited;
}
