// Writes docs/translation.md: what a translation between chat dialects loses. `--check` only checks that the page is current.
import { readFileSync, writeFileSync } from 'node:fs';
import type { ChatWire, ClientWire, ServerWire } from '../server/src/dialects/dialect.ts';
import { INPUT_TYPE_WORDS, INPUT_TYPES } from '../server/src/dialects/embeddings/input-types.ts';
import { FEATURE_NAMES } from '../server/src/dialects/feature-names.ts';
import { type FieldRow, LOSS_TABLE } from '../server/src/dialects/loss-table.ts';

const FILE = new URL('../docs/translation.md', import.meta.url);
const CHATS: Readonly<Record<ChatWire, string>> = {
  'openai-chat': 'Chat',
  'openai-responses': 'Responses',
  'anthropic-messages': 'Messages',
  gemini: 'Gemini',
};
const CHAT_WIRES = Object.keys(CHATS) as ChatWire[];
/** The dialects that requests translate into: also those that only providers speak. */
const NAMES: Readonly<Record<ServerWire, string>> = { ...CHATS, 'cohere-chat': 'Cohere', 'bedrock-converse': 'Bedrock' };
const WIRES = Object.keys(NAMES) as ServerWire[];
/** The dialects whose requests have a table of their own. Requests of Cursor have that of Responses. */
const CLIENTS: readonly (readonly [ClientWire, string])[] = [
  ...CHAT_WIRES.map((wire) => [wire, NAMES[wire]] as const),
  ['openai-completions', 'text completions'],
];

const text = `${head()}${CLIENTS.map(([wire, name]) => tableOf(wire, name)).join('')}${features()}${embeddings()}`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (text !== readFileSync(FILE, 'utf8')) {
  process.stderr.write('docs/translation.md is not what the table of losses says: run `npm run generate` and commit it.\n');
  process.exitCode = 1;
}

function head(): string {
  return `# What a translation loses

A client and a provider with the same wire format understand each other directly: the request passes with its model's name changed, and nothing on this page happens. Otherwise the
request is translated. Each of its fields then has one of three fates:

- **carried**: the provider gets it, in its own words.
- **dropped**: the answer does not depend on it. It is left out, and named in the header \`x-headgate-dropped\` (at most 20 names), in the decision and in the request's row.
- **refused**: the answer would mean something else. Another deployment of the model is tried. If there is none, the request is 400 with the field as \`param\`.

With the header \`x-headgate-strict: on\`, a field that would be dropped is refused too. A field that no dialect here defines is dropped,
also inside messages, items and parts (\`messages.<field>\`, \`input.<field>\`, \`contents.parts.<field>\`); what a client repeats from an answer is not named. Fields of
Gemini may be written with underscores too, and are named as they came. Claude takes at most four cache marks: of more, the earliest are left out. A Responses request to \`/cursor/v1/chat/completions\` loses what Responses lose, and nothing to a provider of
responses. \`npm run generate\` writes this page from \`server/src/dialects/loss-table.ts\`.

`;
}

function tableOf(client: ClientWire, name: string): string {
  const wires = WIRES.filter((wire) => wire !== client);
  const rows = Object.entries(LOSS_TABLE[client]).filter(([, { lost }]) => wires.some((wire) => lost[wire] !== undefined));
  const carried = Object.entries(LOSS_TABLE[client]).filter(([, { lost }]) => wires.every((wire) => lost[wire] === undefined));
  return `## Requests of ${name}

| field | ${wires.map((wire) => `to ${NAMES[wire]}`).join(' | ')} | loses nothing if |
${'|---'.repeat(wires.length + 2)}|
${rows.map(([field, row]) => rowOf(field, row, wires)).join('')}
Carried: ${carried.map(([field]) => `\`${field}\``).join(', ')}.

`;
}

function rowOf(field: string, { lost, harmless = [] }: FieldRow, wires: readonly ServerWire[]): string {
  const fates = wires.map((wire) => lost[wire] ?? 'carried');
  const values = harmless.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  return `| \`${field}\` | ${fates.join(' | ')} | ${values || '–'} |\n`;
}

function features(): string {
  const names = Object.keys(FEATURE_NAMES['openai-chat']) as (keyof (typeof FEATURE_NAMES)['openai-chat'])[];
  const cell = (wire: ChatWire, name: (typeof names)[number]) =>
    FEATURE_NAMES[wire][name] === '' ? '–' : `\`${FEATURE_NAMES[wire][name]}\``;
  const rows = names.map(
    (name) => `| ${name.replaceAll('_', ' ')} | ${CHAT_WIRES.map((wire) => cell(wire, name)).join(' | ')} |\n`,
  );
  return `## What depends on the content or the model

These are dropped only where the model that answers cannot take them, and are named as follows. Examples: a temperature above 1 is set to 1 for Claude, an older Claude ignores
\`strict\` of a tool, a model without reasoning ignores an effort, thinking that another vendor signed stays here.

| feature | in ${CHAT_WIRES.map((wire) => NAMES[wire]).join(' | in ')} |
${'|---'.repeat(CHAT_WIRES.length + 1)}|
${rows.join('')}
Refused by their place in the request, such as \`messages[0].content[1]\`: sound, video, stored files and URLs that the model cannot take, tools that a provider runs, grammars of
tools, and a demand to compact the conversation (\`compaction_trigger\`).
`;
}

function embeddings(): string {
  return `
## Embeddings

Requests to \`/v1/embeddings\` translate to Cohere, Voyage and Gemini. \`model\`, \`input\`, \`dimensions\` and \`encoding_format\` are carried; \`user\` and any other field is dropped. Refused: tokens in place of
texts. A text that is too long for the model is an error at Cohere and Voyage, as at OpenAI, and is not cut. The field \`input_type\`, which OpenAI lacks, says what the vectors are for:

| \`input_type\` | to Cohere | to Voyage | to Gemini |
|---|---|---|---|
${INPUT_TYPES.map(embeddingRow).join('')}
Each vendor's word may be sent to all three. Without one, Cohere gets \`search_document\`, because its models require one. Gemini's older models report no usage: it is estimated,
\`usage.estimated\` is true, and the request's row says \`estimated\`.
`;
}

function embeddingRow(type: (typeof INPUT_TYPES)[number]): string {
  const words = (['cohere-embed', 'voyage-embed', 'gemini-embed'] as const).map((wire) => INPUT_TYPE_WORDS[wire][type]);
  return `| ${type} | ${words.map((word) => (word === undefined ? 'dropped' : `\`${word}\``)).join(' | ')} |\n`;
}
