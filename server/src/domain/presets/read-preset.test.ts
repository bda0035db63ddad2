import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PRESETS_MAX } from './preset.ts';
import { readPreset, readPresets } from './read-preset.ts';

const GOOD = {
  ...{ id: 'acme-llm', name: 'Acme', base_url: 'https://llm.acme.example/v1', auth: 'bearer' },
  wires: { 'openai-chat': '/chat/completions', 'openai-embeddings': '/embeddings' },
  rename: { seed: 'random_seed', max_completion_tokens: 'max_tokens' },
  values: { tool_choice: { required: 'any' } },
  drop: ['logit_bias', 'top_k'],
  thinking: 'reasoning',
  usage: { at: ['usage', 'x_acme.usage'] },
  limits: { family: 'openai', requests: 'day' },
  prices: 'groq',
};
const noAddressIsWrong = () => null;

/** The field at fault and the reason; null: there is none. */
function faultOf(value: unknown): string | null {
  const read = readPreset(value, noAddressIsWrong);
  return 'fault' in read ? `${read.fault.field} ${read.fault.words}` : null;
}

describe('a preset', () => {
  test('is read whole', () => {
    expect(readPreset(GOOD, noAddressIsWrong)).toEqual({
      preset: {
        ...{ id: 'acme-llm', name: 'Acme', baseUrl: 'https://llm.acme.example/v1', auth: 'bearer', wires: GOOD.wires },
        quirks: {
          rename: [
            ['seed', 'random_seed'],
            ['max_completion_tokens', 'max_tokens'],
          ],
          values: [['tool_choice', [['required', 'any']]]],
          drop: ['logit_bias', 'top_k'],
          thinking: 'reasoning',
          usageAt: [['usage'], ['x_acme', 'usage']],
        },
        limits: { family: 'openai', requests: 'day' },
        prices: 'groq',
      },
    });
  });

  test('needs only what every server has', () => {
    const { id, name, base_url, auth, wires } = GOOD;
    expect(readPreset({ id, name, base_url, auth, wires }, noAddressIsWrong)).toMatchObject({
      preset: {
        quirks: { rename: [], values: [], drop: [], thinking: null, usageAt: [['usage']] },
        limits: { family: 'openai', requests: 'minute' },
        prices: null,
      },
    });
  });

  const faults: readonly (readonly [string, object, RegExp])[] = [
    ['a missing id', { id: undefined }, /^id must be/],
    ['capital letters', { id: 'Acme' }, /^id must be/],
    ['a long id', { id: 'a'.repeat(41) }, /^id must be/],
    ['the id of a provider with code', { id: 'bedrock' }, /^id is the name of a provider/],
    ['the id of the built-in model', { id: 'fake' }, /^id is the name of a provider/],
    ['a prototype name', { id: 'constructor' }, /^id must be/],
    ['a name with a line break', { name: 'Ac\nme' }, /^name must/],
    ['a name that turns the text around', { name: 'Ac\u202eme' }, /^name must/],
    ['a long name', { name: 'a'.repeat(61) }, /^name must/],
    ['a base URL that is no text', { base_url: 7 }, /^base_url must be a URL/],
    ['an unknown kind of key', { auth: 'basic' }, /^auth must be/],
    ['a header that means something else', { auth: 'host' }, /^auth must be/],
    ['a header with a line break', { auth: 'x-key\r\nx-other' }, /^auth must be/],
    ['no wire', { wires: {} }, /^wires must name/],
    ['an unknown wire', { wires: { gemini: '/x' } }, /^wires\/gemini is not a field/],
    ['a path that climbs', { wires: { 'openai-chat': '/../admin' } }, /^wires\/openai-chat must be a path/],
    ['a path with a query', { wires: { 'openai-chat': '/chat?x=1' } }, /^wires\/openai-chat must be a path/],
    ['a path of another host', { wires: { 'openai-chat': '//evil.example/chat' } }, /^wires\/openai-chat must be a path/],
    ['a count without messages', { wires: { 'anthropic-count-tokens': '/count' } }, /needs the wire anthropic-messages/],
    ['a renamed model', { rename: { model: 'engine' } }, /^rename\/model is not the name/],
    ['a field that becomes the model', { rename: { seed: 'model' } }, /^rename\/model is not the name/],
    ['a chain of names', { rename: { a: 'b', b: 'c' } }, /is both renamed/],
    ['a name of its own', { rename: { seed: 'seed' } }, /must be another name/],
    ['a prototype name to rename', { rename: { constructor: 'x' } }, /^rename\/constructor is not the name/],
    ['too many names', { rename: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}`, `b${i}`])) }, /at most 20/],
    ['words that are no words', { values: { tool_choice: { required: 'a b' } } }, /^values\/tool_choice must give words/],
    ['dropped messages', { drop: ['messages'] }, /^drop\/messages is not the name/],
    ['a field dropped twice', { drop: ['seed', 'seed'], rename: {} }, /must not name a field twice/],
    ['a field both renamed and dropped', { drop: ['seed'] }, /is renamed/],
    ['an unknown place of thinking', { thinking: 'thoughts' }, /^thinking must be/],
    ['usage nowhere', { usage: { at: [] } }, /^usage\/at must be a list/],
    ['usage under another name', { usage: { at: ['tokens'] } }, /^usage\/at must hold places/],
    ['usage within a prototype', { usage: { at: ['constructor.usage'] } }, /^usage\/at must hold places/],
    ['an unknown family of limits', { limits: { family: 'azure' } }, /^limits\/family must be/],
    ['an unknown span', { limits: { requests: 'week' } }, /^limits\/requests must be/],
    ['an unknown list of prices', { prices: 'a b' }, /^prices must be/],
    ['an unknown field', { secret: 'x' }, /^secret is not a field of presets/],
    ['a field with a hostile name', { 'a"\n{}': 1 }, /^a____ is not a field of presets$/],
  ];
  test.each(faults)('is refused for %s', (_, change, said) => {
    expect(faultOf({ ...GOOD, ...change })).toMatch(said);
  });

  test('is refused for the names of prototypes, as JSON can have them', () => {
    const text = JSON.stringify(GOOD);
    expect(faultOf(JSON.parse(text.replace('{', '{"__proto__":{"id":"x"},')))).toMatch(/^__proto__ is not a field/);
    expect(faultOf(JSON.parse(text.replace('"rename":{', '"rename":{"__proto__":"x",')))).toMatch(/is not the name of a field/);
    expect(faultOf(JSON.parse(text.replace('"wires":{', '"wires":{"__proto__":"/x",')))).toMatch(/is not a field/);
    // An inherited field is not the row's own.
    expect(faultOf(Object.create(GOOD))).toMatch(/^id must be/);
  });

  test('is refused for an address, with the reason of the check', () => {
    const read = readPreset(GOOD, (url) => `is ${url}, which is refused`);
    expect(read).toEqual({ fault: { field: 'base_url', words: 'is https://llm.acme.example/v1, which is refused' } });
  });

  test('never throws, and what is read holds only known fields of bounded size', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect('fault' in readPreset(value, noAddressIsWrong)).toBe(true);
      }),
    );
    const field = fc.constantFrom(...Object.keys(GOOD));
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(field, json, (name, value) => {
        const read = readPreset({ ...GOOD, [name]: value }, noAddressIsWrong);
        if ('fault' in read) expect(read.fault.field.length + read.fault.words.length).toBeLessThan(300);
        else expect(JSON.stringify(read.preset).length).toBeLessThan(10_000);
      }),
    );
  });
});

describe('a list of presets', () => {
  const listed = (rows: unknown) => readPresets(rows, () => noAddressIsWrong);

  test('names the row and the field at fault', () => {
    expect(listed([GOOD, { ...GOOD, id: 'other', auth: 'basic' }])).toEqual({
      problem: 'row 2 (other): auth must be bearer, none, or the name of a header such as x-api-key or api-key',
    });
    expect(listed([{ ...GOOD, id: 7 }])).toMatchObject({ problem: expect.stringMatching(/^row 1: id must be/) });
  });

  test('has each id once', () => {
    expect(listed([GOOD, GOOD])).toEqual({ problem: 'row 2 (acme-llm): id is the id of an earlier row' });
  });

  test('is bounded, and refused before any row is read', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => ({ ...GOOD, id: `acme-${index}` }));
    expect(listed(rows)).toEqual({ problem: `must have at most ${PRESETS_MAX} rows, not 10000` });
    expect(listed(rows.slice(0, PRESETS_MAX))).toMatchObject({ presets: expect.objectContaining({ length: PRESETS_MAX }) });
    expect(listed({})).toEqual({ problem: 'must be a list of presets' });
  });
});
