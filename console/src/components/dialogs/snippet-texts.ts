/** The facts that a call is filled with. */
export interface SnippetOf {
  /** The public URL of this gateway, without a slash at the end. */
  readonly baseUrl: string;
  /** The secret of the key. Null: the call reads it from the environment variable `HEADGATE_KEY`. */
  readonly secret: string | null;
  /** A name that the key can call. */
  readonly model: string;
}

/** The requests that a model serves. */
export type SnippetMode = 'chat' | 'completion' | 'embedding' | 'rerank' | 'moderation' | 'image' | 'speech' | 'transcription';

interface Snippet {
  readonly name: string;
  readonly text: (of: SnippetOf) => string;
}

/** Returns calls that are ready to paste: one for each SDK that an application may use for this. */
export function snippetsFor(mode: SnippetMode): readonly Snippet[] {
  return SNIPPETS[mode];
}

const inShell = (secret: string | null) => secret ?? '$HEADGATE_KEY';
const inPython = (secret: string | null) => (secret === null ? 'os.environ["HEADGATE_KEY"]' : `"${secret}"`);
const inJavaScript = (secret: string | null) => (secret === null ? 'process.env.HEADGATE_KEY' : `'${secret}'`);
const pythonHead = (secret: string | null, line: string) => (secret === null ? `import os\n${line}` : line);

const CHAT: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/chat/completions \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "Say hello."}]
  }'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Say hello."}],
)
print(answer.choices[0].message.content)`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(answer.choices[0].message.content);`,
  },
  {
    name: 'Anthropic Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from anthropic import Anthropic')}

client = Anthropic(base_url="${baseUrl}", api_key=${inPython(secret)})
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

const client = new Anthropic({ baseURL: '${baseUrl}', apiKey: ${inJavaScript(secret)} });
const answer = await client.messages.create({
  model: '${model}',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'Say hello.' }],
});
console.log(answer.content[0].text);`,
  },
];

/** Anthropic’s SDKs have no embeddings. */
const EMBEDDING: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/embeddings \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "input": "Hello."}'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
answer = client.embeddings.create(model="${model}", input="Hello.")
print(len(answer.data[0].embedding))`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.embeddings.create({ model: '${model}', input: 'Hello.' });
console.log(answer.data[0].embedding.length);`,
  },
];

/** Anthropic’s SDKs have no text completions that a gateway serves. */
const COMPLETION: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/completions \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "prompt": "Once upon a time", "max_tokens": 50}'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
answer = client.completions.create(model="${model}", prompt="Once upon a time", max_tokens=50)
print(answer.choices[0].text)`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.completions.create({ model: '${model}', prompt: 'Once upon a time', max_tokens: 50 });
console.log(answer.choices[0].text);`,
  },
];

/** Neither OpenAI's nor Anthropic's SDKs put documents in order. */
const RERANK: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/rerank \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "query": "Who keeps the gate?", "documents": ["The keeper.", "The river."]}'`,
  },
];

/** Anthropic’s SDKs have no moderations. */
const MODERATION: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/moderations \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "input": "Hello."}'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
answer = client.moderations.create(model="${model}", input="Hello.")
print(answer.results[0].flagged)`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.moderations.create({ model: '${model}', input: 'Hello.' });
console.log(answer.results[0].flagged);`,
  },
];

/** Anthropic’s SDKs make no pictures and no sound. */
const IMAGE: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/images/generations \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "prompt": "A gate in the rain.", "n": 1}'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
answer = client.images.generate(model="${model}", prompt="A gate in the rain.", n=1)
print(len(answer.data))`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.images.generate({ model: '${model}', prompt: 'A gate in the rain.', n: 1 });
console.log(answer.data.length);`,
  },
];

const SPEECH: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/audio/speech -o speech.mp3 \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "voice": "alloy", "input": "Hello."}'`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
client.audio.speech.create(model="${model}", voice="alloy", input="Hello.").write_to_file("speech.mp3")`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import { writeFile } from 'node:fs/promises';
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.audio.speech.create({ model: '${model}', voice: 'alloy', input: 'Hello.' });
await writeFile('speech.mp3', Buffer.from(await answer.arrayBuffer()));`,
  },
];

const TRANSCRIPTION: readonly Snippet[] = [
  {
    name: 'curl',
    text: ({ baseUrl, secret, model }) => `curl ${baseUrl}/v1/audio/transcriptions \\
  -H "Authorization: Bearer ${inShell(secret)}" \\
  -F model="${model}" -F file=@speech.mp3`,
  },
  {
    name: 'OpenAI Python',
    text: ({ baseUrl, secret, model }) => `${pythonHead(secret, 'from openai import OpenAI')}

client = OpenAI(base_url="${baseUrl}/v1", api_key=${inPython(secret)})
answer = client.audio.transcriptions.create(model="${model}", file=open("speech.mp3", "rb"))
print(answer.text)`,
  },
  {
    name: 'OpenAI JS',
    text: ({ baseUrl, secret, model }) => `import { createReadStream } from 'node:fs';
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${baseUrl}/v1', apiKey: ${inJavaScript(secret)} });
const answer = await client.audio.transcriptions.create({ model: '${model}', file: createReadStream('speech.mp3') });
console.log(answer.text);`,
  },
];

const SNIPPETS: Readonly<Record<SnippetMode, readonly Snippet[]>> = {
  chat: CHAT,
  completion: COMPLETION,
  embedding: EMBEDDING,
  rerank: RERANK,
  moderation: MODERATION,
  image: IMAGE,
  speech: SPEECH,
  transcription: TRANSCRIPTION,
};
