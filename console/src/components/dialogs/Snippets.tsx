import { Box, Code, Group, Tabs } from '@mantine/core';
import { CopyIcon } from '../CopyText.tsx';
import { words } from './words.ts';

interface SnippetsProps {
  /** The public URL of this gateway, without a slash at the end. */
  readonly baseUrl: string;
  readonly secret: string;
  /** A name that the key can call. */
  readonly model: string;
}

/** Calls that are ready to paste, with this key and a model it can call: one for each SDK an application may use. */
export function Snippets(props: SnippetsProps) {
  return (
    <Tabs defaultValue="curl" keepMounted={false} variant="outline">
      <Tabs.List>
        {SNIPPETS.map(({ name }) => (
          <Tabs.Tab key={name} value={name} fz="xs" px="xs">
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {SNIPPETS.map(({ name, text }) => (
        <Tabs.Panel key={name} value={name} pt="xs">
          <Box pos="relative">
            <Group pos="absolute" top={6} right={6}>
              <CopyIcon text={text(props)} label={words.theExample(name)} />
            </Group>
            <Code block fz="xs" tabIndex={0} aria-label={words.example(name)} pr={40}>
              {text(props)}
            </Code>
          </Box>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

const SNIPPETS: readonly { readonly name: string; readonly text: (of: SnippetsProps) => string }[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/chat/completions \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "Say hello."}]
  }'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `from openai import OpenAI

client = OpenAI(base_url="${baseUrl}/v1", api_key="${secret}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Say hello."}],
)
print(answer.choices[0].message.content)`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: '${secret}' });
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(answer.choices[0].message.content);`,
  },
  {
    name: 'Anthropic Python',
    text: ({ baseUrl, secret, model }) => `from anthropic import Anthropic

client = Anthropic(base_url="${baseUrl}", api_key="${secret}")
answer = client.messages.create(
    model="${model}",
    max_tokens=200,
    messages=[{"role": "user", "content": "Say hello."}],
)
print(answer.content[0].text)`,
  },
  {
    name: 'Anthropic JS',
    text: ({ baseUrl, secret, model }) => `import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: '${baseUrl}', apiKey: '${secret}' });
const answer = await client.messages.create({
  model: '${model}',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(answer.content[0].text);`,
  },
];
