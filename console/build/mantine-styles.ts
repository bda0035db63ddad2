import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin, Rolldown } from 'vite';

const STYLES = path.join(path.dirname(fileURLToPath(import.meta.resolve('@mantine/core/styles.css'))), 'styles');
/** How the library names a class. */
const CLASSES = /\bm_[0-9a-f]{6,8}\b/g;

/** Ends the build if it has a component of Mantine whose style is not in src/mantine.css. */
export function mantineStyles(): Plugin {
  return {
    name: 'mantine-styles',
    apply: 'build',
    generateBundle(_options, bundle) {
      const missing = missingStyles(Object.values(bundle));
      if (missing.length > 0) this.error(`src/mantine.css lacks the style of ${missing.join(', ')}`);
    },
  };
}

function missingStyles(files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[]): string[] {
  const scripts = classesOf(files.map((file) => (file.type === 'chunk' ? file.code : '')));
  const styles = classesOf(
    files.map((file) => (file.type === 'asset' && file.fileName.endsWith('.css') ? String(file.source) : '')),
  );
  const isMissing = (name: string) => scripts.has(name) && !styles.has(name);
  return readdirSync(STYLES)
    .filter((file) => file.endsWith('.layer.css'))
    .filter((file) => [...classesOf([readFileSync(path.join(STYLES, file), 'utf8')])].some(isMissing))
    .map((file) => path.basename(file, '.layer.css'));
}

function classesOf(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => text.match(CLASSES) ?? []));
}
