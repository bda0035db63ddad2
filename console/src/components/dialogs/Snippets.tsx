import { Tabs } from '@mantine/core';
import { CopyCode } from '../CopyCode.tsx';
import { type SnippetMode, type SnippetOf, snippetsFor } from './snippet-texts.ts';
import { words } from './words.ts';

interface SnippetsProps extends SnippetOf {
  /** The endpoint kind that the model serves. */
  readonly mode?: SnippetMode;
}

/** Calls that are ready to paste, with this key and a model it can call: one for each SDK an application may use. */
export function Snippets({ mode = 'chat', ...of }: SnippetsProps) {
  const snippets = snippetsFor(mode);
  return (
    <Tabs defaultValue="curl" keepMounted={false} variant="outline">
      <Tabs.List>
        {snippets.map(({ name }) => (
          <Tabs.Tab key={name} value={name} fz="xs" px="xs">
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {snippets.map(({ name, text }) => (
        <Tabs.Panel key={name} value={name} pt="xs">
          <CopyCode text={text(of)} label={words.example(name)} copyLabel={words.theExample(name)} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
