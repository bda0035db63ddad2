/** Request bodies beside a second reader of JSON, which keeps every key it meets: both must refuse the same ones and read the same from others. */
import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { knownFieldInAnotherCase } from '../../../src/dialects/known-fields.ts';
import { readBody } from '../../../src/dialects/read-body.ts';
import { Random } from '../../simulation/random.ts';
import { type Fields, hostileValue, mutateBytes, mutateTree, written } from '../hostile-json.ts';
import { fuzzOf } from './reader.ts';

const NAMES = [
  'model',
  'Model',
  'messages',
  'max_tokens',
  'stream',
  'n',
  'metadata',
  'tools',
  '__proto__',
  'x',
  'mod\u0065l',
  'MAX_TOKENS',
];
const LEVELS_MAX = 64;

export const bodies = (read: typeof readBody = readBody) =>
  fuzzOf('bodies', 500, (seed) => {
    const bytes = drawBody(new Random(seed));
    const reading = read(bytes);
    const wanted = referenceOf(bytes);
    if (reading.ok !== (wanted !== null)) return `${reading.ok ? 'taken' : reading.problem.message}: ${shown(bytes)}`;
    if (!reading.ok) return null;
    if (!isDeepStrictEqual(reading.body, wanted)) return `it says something else: ${shown(bytes)}`;
    const isOurs = JSON.stringify(wanted) === bytes.toString();
    return reading.isOurs === isOurs ? null : `isOurs is ${reading.isOurs}: ${shown(bytes)}`;
  });

function drawBody(random: Random): Buffer {
  const tree: Fields = { model: 'fast', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 };
  if (random.chance(0.7)) mutateTree(tree, NAMES, random);
  let text = written(tree);
  if (random.chance(0.3)) text = text.replace(/^\{/, `{${JSON.stringify(random.pick(NAMES))}:${hostileValue(random).text},`);
  if (random.chance(0.2)) text = text.replaceAll(':', random.pick([' :', ': ', ' :\t', ':\n']));
  if (random.chance(0.1)) text = text.replace('model', 'mo\\u0064el');
  if (random.chance(0.1)) text = text.replace('"fast"', '['.repeat(random.whole(60, 66)) + ']'.repeat(random.whole(60, 66)));
  const bytes = Buffer.from(text);
  return random.chance(0.4) ? mutateBytes(bytes, random) : bytes;
}

/** What the body says; null where it must be refused. */
function referenceOf(bytes: Buffer): object | null {
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString();
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (Object.keys(value).some((key) => knownFieldInAnotherCase(key) !== null)) return null;
  return isPlain(text) ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of valid JSON: not too deep, and no object has a key twice. Token by token, with a stack of the keys of each open object. */
function isPlain(text: string): boolean {
  const open: (Set<string> | 'array')[] = [];
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs)].map(([token]) => token);
  for (const [at, token] of tokens.entries()) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push('array');
    else if (token === '}' || token === ']') open.pop();
    else if (tokens[at + 1] === ':') {
      const keys = open.at(-1) as Set<string>;
      const key = JSON.parse(token) as string;
      if (keys.has(key)) return false;
      keys.add(key);
    }
    if (open.length > LEVELS_MAX) return false;
  }
  return true;
}

const shown = (bytes: Buffer) => JSON.stringify(bytes.toString('latin1').slice(0, 400));
