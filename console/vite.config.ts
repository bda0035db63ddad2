import { readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { defineConfig, type Plugin, type Rolldown } from 'vite';
import { fontFiles } from './build/font-files.ts';
import { mantineStyles } from './build/mantine-styles.ts';
import { PATHS } from './src/paths.ts';

/** Where a gateway runs while pages are being made. */
const GATEWAY = process.env.HEADGATE_CONSOLE_PROXY ?? 'http://127.0.0.1:4000';

/** Of the pages and dialogs that are loaded apart, how many must need a module before all of them load it. */
const SHARED_BY_MIN = 30;

/** The server answers these paths with the page and every other with 404. */
function pathsFile(): Plugin {
  return {
    name: 'paths-file',
    apply: 'build',
    writeBundle: ({ dir }) => writeFileSync(`${dir}/paths.json`, JSON.stringify(Object.values(PATHS))),
  };
}

/** Libraries mark components for servers that render; there is none here. */
function onLog(
  level: Rolldown.LogLevel,
  log: Rolldown.RolldownLog,
  handle: (level: Rolldown.LogLevel, log: Rolldown.RolldownLog) => void,
): void {
  if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log);
}

/** Packed as small as it gets, beside what it was made from: once per build, and not at every start. */
function packedFiles(): Plugin {
  return {
    name: 'packed-files',
    apply: 'build',
    writeBundle: ({ dir }, bundle) => {
      for (const name of Object.keys(bundle)) {
        if (/\.(js|css|html|svg|txt)$/.test(name))
          writeFileSync(`${dir}/${name}.br`, brotliCompressSync(readFileSync(`${dir}/${name}`)));
      }
    },
  };
}

export default defineConfig({
  plugins: [pathsFile(), fontFiles(), mantineStyles(), packedFiles()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      onLog,
      // What most pages need is one file. In its hundred small ones a first visit waited for a hundred answers, and packed they were larger.
      output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: SHARED_BY_MIN }] } },
    },
  },
  server: { proxy: { '/api': GATEWAY, '/health': GATEWAY } },
});
