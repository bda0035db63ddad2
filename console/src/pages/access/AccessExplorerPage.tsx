import { Input, SegmentedControl, Stack } from '@mantine/core';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { OfKey } from './OfKey.tsx';
import { OfTarget } from './OfTarget.tsx';
import { words } from './words.ts';

type Question = 'key' | 'target';

/** Explains access in both directions: what a key can call and through which grant, and who can call a target. */
export function AccessExplorerPage() {
  const [state, setState] = useUrlState();
  const asked = questionOf(state);
  return (
    <Page title={words.accessExplorer} about={words.explorerMeans}>
      <Stack gap="md">
        <Stack gap={4} align="flex-start">
          <Input.Label labelElement="div" id="access-question">
            {words.question}
          </Input.Label>
          <SegmentedControl
            w="100%"
            maw={480}
            fullWidth
            styles={{ label: { whiteSpace: 'normal' } }}
            aria-labelledby="access-question"
            data={[
              { value: 'key', label: words.whatCanKeyCall },
              { value: 'target', label: words.whoCanCallAModel },
            ]}
            value={asked}
            onChange={(value) => setState({ ask: value })}
          />
        </Stack>
        {asked === 'key' ? <OfKey /> : <OfTarget />}
      </Stack>
    </Page>
  );
}

/** Returns the chosen direction. A link may name only a key or a target, which decides it. */
function questionOf({ ask, key, target }: Readonly<Record<string, string | undefined>>): Question {
  if (ask === 'key' || ask === 'target') return ask;
  return key === undefined && target !== undefined ? 'target' : 'key';
}
