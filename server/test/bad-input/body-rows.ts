/** Bodies: not JSON, of the wrong types, too deep, ambiguous, without a model or with one that may not be called. */

import { postBytes } from '../support/raw-http.ts';
import { CHAT, INVALID, MESSAGES, type Row, withBody, withFields } from './row.ts';
import { MODELS } from './site.ts';

const good = (fields: string) => `{"model":"${MODELS.good}","messages":[{"role":"user","content":"Hi."}]${fields}}`;
const nested = (levels: number) => good(`,"metadata":${'['.repeat(levels)}${']'.repeat(levels)}`);
const TOP = 1;

const SYNTAX: readonly Row[] = [
  withBody('half a body', '{"model":"good","messages":[', INVALID),
  withBody('no body', '', INVALID),
  withBody('a text that is no JSON', 'model=good', INVALID),
  ...['null', '[]', '"good"', '5', 'true'].map((body) => withBody(`a body that is ${body}`, body, INVALID)),
  withBody('something behind the body', `${good('')}x`, INVALID),
  withBody('a byte order mark', `\ufeff${good('')}`, INVALID),
  withBody(
    'bytes that are no UTF-8',
    Buffer.concat([Buffer.from(good(',"user":"')), Buffer.from([0xff, 0xfe, 0x22, 0x7d])]),
    INVALID,
  ),
  withBody('half a pair of surrogates as UTF-8', Buffer.from(good(',"user":"\u00ed\u00a0\u0080"'), 'latin1'), INVALID),
  withBody('max_tokens NaN', good(',"max_tokens":NaN'), INVALID),
  withBody('max_tokens Infinity', good(',"max_tokens":Infinity'), INVALID),
  withBody('a comment', good(' /* no */'), INVALID),
  withBody('65 levels', nested(65 - TOP), INVALID),
  withBody('100,000 levels', nested(100_000), INVALID),
];

const AMBIGUOUS: readonly Row[] = [
  withBody('a key twice', good(`,"model":"${MODELS.hidden}"`), INVALID),
  withBody('a key twice, once escaped', good(`,"m\\u006fdel":"${MODELS.hidden}"`), INVALID),
  withBody('a key twice below', good(',"metadata":{"a":1,"a":2}'), INVALID),
  withBody('a key twice in a message', `{"model":"good","messages":[{"role":"user","content":"a","content":"b"}]}`, INVALID),
  ...['Model', 'MESSAGES', 'Max_Tokens', 'STREAM', 'N', 'max_Completion_tokens'].map((field) =>
    withFields(`the field ${field}`, { [field]: 1 }, [400, 'invalid_request', field.toLowerCase()]),
  ),
];

const NO_MODEL = [400, 'invalid_request', 'model'] as const;
const UNKNOWN_MODEL = [404, 'model_not_found', 'model'] as const;

const MODEL: readonly Row[] = [
  withFields('no model', { model: undefined }, NO_MODEL),
  ...[null, '', 5, [], {}, true].map((model) => withFields(`the model ${JSON.stringify(model)}`, { model }, NO_MODEL)),
  withFields('an unknown model', { model: 'nothing-of-this-name' }, UNKNOWN_MODEL),
  withFields('a model in another case', { model: MODELS.good.toUpperCase() }, UNKNOWN_MODEL),
  withFields('a model with a space', { model: ` ${MODELS.good}` }, UNKNOWN_MODEL),
  withFields('a model with a control character', { model: `${MODELS.good}\u0007` }, UNKNOWN_MODEL),
  withFields('a model with a line of its own', { model: `${MODELS.good}\r\nx-injected: yes` }, UNKNOWN_MODEL),
  withFields('a model with a mark that turns the text', { model: `${MODELS.good}\u202e` }, UNKNOWN_MODEL),
  withFields('a model of 10,000 characters', { model: 'g'.repeat(10_000) }, UNKNOWN_MODEL),
  withFields('a model that is a path', { model: '../../etc/passwd' }, UNKNOWN_MODEL),
  withFields('a model named like a property', { model: '__proto__' }, UNKNOWN_MODEL),
  withFields('a model not granted to the organization', { model: MODELS.hidden }, UNKNOWN_MODEL),
  {
    name: 'a model the key was narrowed away from',
    bytes: ({ narrowed }) => postBytes(CHAT, narrowed, good('')),
    status: 403,
    code: 'model_not_allowed',
  },
  withFields('a model that serves something else', { model: MODELS.embedding }, NO_MODEL),
];

const badFields = (field: string, values: readonly unknown[], path = CHAT): Row[] =>
  values.map((value) =>
    withFields(
      `${field} ${JSON.stringify(value)} at ${path}`,
      { [field]: value },
      path === CHAT ? [400, 'invalid_request', field] : ANTHROPIC,
      path,
    ),
  );

const ANTHROPIC = [400, 'invalid_request_error'] as const;
const NO_CAPS = [0, -1, 1.5, 1e30, '5', true, [], {}];

const FIELDS: readonly Row[] = [
  ...badFields('messages', [undefined, null, 'Hi.', {}, 5]),
  withFields('a message that is a text', { messages: ['Hi.'] }, [400, 'invalid_request', 'messages[0]']),
  ...badFields('max_tokens', NO_CAPS),
  ...badFields('max_completion_tokens', NO_CAPS),
  ...badFields('n', [0, -1, 1.5, 129, 1e9, '2', []]),
  ...badFields('stream', ['yes', 1, 0, {}]),
  withFields('stream_options that are a text', { stream: true, stream_options: 'x' }, [400, 'invalid_request', 'stream_options']),
  ...badFields('max_tokens', NO_CAPS, MESSAGES),
  ...badFields('messages', [undefined, null, 'Hi.', {}], MESSAGES),
  ...badFields('stream', ['yes', 1], MESSAGES),
  ...badFields('model', [undefined, '', 5], MESSAGES),
  ...badFields('messages', [undefined, 'Hi.'], `${MESSAGES}/count_tokens`),
  withBody('no input at /v1/embeddings', `{"model":"${MODELS.embedding}"}`, [400, 'invalid_request', 'input'], '/v1/embeddings'),
  withBody('a number as input', `{"model":"${MODELS.embedding}","input":5}`, [400, 'invalid_request', 'input'], '/v1/embeddings'),
  ...(['suffix', 'echo', 'logprobs', 'n', 'best_of'] as const).map((field) =>
    withBody(
      `${field} at /v1/completions of a chat model`,
      JSON.stringify({ model: MODELS.good, prompt: 'Hi.', [field]: field === 'suffix' ? 'x' : field === 'echo' ? true : 2 }),
      [400, 'invalid_request', field],
      '/v1/completions',
    ),
  ),
  ...[5, {}, [], ['Hi.', 5], [[]]].map((prompt) =>
    withBody(
      `the prompt ${JSON.stringify(prompt)}`,
      JSON.stringify({ model: MODELS.good, prompt }),
      [400, 'invalid_request', 'prompt'],
      '/v1/completions',
    ),
  ),
  withBody(
    'an embedding model at /v1/completions',
    `{"model":"${MODELS.embedding}","prompt":"Hi."}`,
    NO_MODEL,
    '/v1/completions',
  ),
  withBody(
    'neither messages nor input at Cursor’s path',
    `{"model":"${MODELS.good}"}`,
    [400, 'invalid_request', 'messages'],
    '/cursor/v1/chat/completions',
  ),
  withBody(
    'a stored response at Cursor’s path',
    `{"model":"${MODELS.good}","input":"Hi.","previous_response_id":"resp_1"}`,
    [400, 'invalid_request', 'previous_response_id'],
    '/cursor/v1/chat/completions',
  ),
  withBody(
    'no documents at /v1/rerank',
    `{"model":"${MODELS.good}","query":"a"}`,
    [400, 'invalid_request', 'documents'],
    '/v1/rerank',
  ),
  withBody('a number as query', `{"model":"${MODELS.good}","query":5}`, [400, 'invalid_request', 'query'], '/v1/rerank'),
  withBody('no input at /v1/moderations', `{"model":"${MODELS.good}"}`, [400, 'invalid_request', 'input'], '/v1/moderations'),
  withBody('a chat model at /v1/embeddings', `{"model":"${MODELS.good}","input":"Hi."}`, NO_MODEL, '/v1/embeddings'),
];

export const BODY_ROWS: readonly Row[] = [...SYNTAX, ...AMBIGUOUS, ...MODEL, ...FIELDS];
