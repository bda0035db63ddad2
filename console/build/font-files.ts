import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import subsetFont from 'subset-font';
import type { Plugin } from 'vite';

const FONT = '@fontsource-variable/inter';
const BASIC = 'inter-basic.woff2';
/** Where the file is made: in no folder of sources, as it is not one. */
const MADE = path.join(path.dirname(fileURLToPath(import.meta.resolve(`${FONT}/package.json`))), '../../.cache/headgate', BASIC);
const STYLE = new URL('../src/fonts.css', import.meta.url);
/** The weights between which the console's texts are. */
const WEIGHTS = { min: 400, max: 700 };
/** Distances of pairs, accents, and figures of one width. The font's other habits, such as an arrow in place of `->`, stay out. */
const FEATURES = ['kern', 'mark', 'mkmk', 'ccmp', 'locl', 'tnum'];

/**
 * Makes the font's first file, which has only the letters that fonts.css names for it. Asks for it before the style that names it
 * has arrived, and puts the font's licence beside it.
 */
export function fontFiles(): Plugin {
  return {
    name: 'font-files',
    async config() {
      await makeBasic();
      return { resolve: { alias: { [BASIC]: MADE } } };
    },
    generateBundle() {
      const source = readFileSync(new URL('LICENSE', import.meta.resolve(`${FONT}/package.json`)));
      this.emitFile({ type: 'asset', fileName: 'licences/inter.txt', source });
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        if (bundle === undefined) return;
        const file = Object.keys(bundle).find((name) => name.includes('inter-basic'));
        if (file === undefined) throw new Error('the build has no file of the font Inter');
        const attrs = { rel: 'preload', href: `/${file}`, as: 'font', type: 'font/woff2', crossorigin: true };
        return [{ tag: 'link', attrs, injectTo: 'head' }];
      },
    },
  };
}

async function makeBasic(): Promise<void> {
  const whole = readFileSync(new URL('files/inter-latin-wght-normal.woff2', import.meta.resolve(`${FONT}/package.json`)));
  const options = { targetFormat: 'woff2', keepFeatures: FEATURES, variationAxes: { wght: WEIGHTS } } as const;
  const made = await subsetFont(whole, basicLetters(), options);
  mkdirSync(path.dirname(MADE), { recursive: true });
  writeFileSync(MADE, made);
}

/** Returns every letter of the `unicode-range` beside the file's name in fonts.css. */
function basicLetters(): string {
  const faces = readFileSync(STYLE, 'utf8').split('@font-face');
  const ranges = faces.find((face) => face.includes(BASIC))?.match(/unicode-range:([^;]+);/)?.[1];
  if (ranges === undefined) throw new Error(`fonts.css does not say which letters ${BASIC} has`);
  return ranges
    .split(',')
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range
        .trim()
        .replace('U+', '')
        .split('-')
        .map((code) => Number.parseInt(code, 16));
      return Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at));
    })
    .join('');
}
