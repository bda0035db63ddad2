/** Names as people all over the world, and people with bad intentions, give them. */
import type { Random } from '../simulation/random.ts';
import { anyText } from './hostile-json.ts';

const SCRIPTS: readonly (readonly [from: number, to: number])[] = [
  [0x4e00, 0x9fa5], // Chinese
  [0x3041, 0x3096], // Hiragana
  [0xac00, 0xd7a3], // Korean
  [0x0621, 0x064a], // Arabic
  [0x05d0, 0x05ea], // Hebrew
  [0x0410, 0x044f], // Cyrillic
  [0x0905, 0x0939], // Devanagari
  [0x0e01, 0x0e30], // Thai
  [0x1f300, 0x1f5ff], // pictures
  [0xc0, 0xff], // Latin with marks
  [0x21, 0x7e], // ASCII
];

const KNOWN = [
  '通义千问',
  'مودل-١',
  'модель/большая',
  'é',
  'a"b\\c;d',
  '%E2%82%AC',
  '🦙-70b',
  'x,y=z',
  "'--",
  '<script>',
  '@cf/llama',
  'É',
] as const;

/** One script, or several mixed; up to the 200 characters that a name may have. */
export function nameInAnyScript(random: Random): string {
  if (random.chance(0.2)) return `${random.pick(KNOWN)}${random.whole(0, 999)}`;
  const scripts = random.chance(0.7) ? [random.pick(SCRIPTS)] : SCRIPTS;
  const length = random.chance(0.1) ? 99 : random.whole(1, 24);
  return Array.from({ length }, () => String.fromCodePoint(random.whole(...random.pick(scripts)))).join('');
}

/** Mostly no name at all: what is refused must be refused with a reason. */
export function anyName(random: Random): string {
  return random.chance(0.7) ? nameInAnyScript(random) : anyText(random, 220);
}
