/** The files of private CAs that sign the certificates of PostgreSQL and Redis: their text, and the days until they expire. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { certificateEnds } from '../lib/certificates.ts';
import { keepReading } from '../lib/timing/kept-reading.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import type { Config } from '../settings/config.ts';
import { caFileOf } from '../settings/server-url.ts';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Returns the text of a CA file, null without a path. Throws BadSetting, which names the setting, if it holds no certificate. */
export function caFrom(path: string | null, setting: string): string | null {
  if (path === null) return null;
  try {
    const text = readFileSync(path, 'utf8');
    if (certificateEnds(text).length === 0) throw new Error('it holds no certificate in PEM form');
    return text;
  } catch (error) {
    throw new BadSetting(
      `${setting}: ${path} cannot be used (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
    );
  }
}

/** The days that are left of each CA file. */
export interface CaFiles {
  /** Returns the days until the first certificate of each file expires, below 0 afterwards. Files that cannot be read are left out. */
  daysLeft(): readonly { readonly server: 'postgresql' | 'redis'; readonly days: number }[];
  stop(): void;
}

/** Reads the CA files of the settings now and every hour, because they are renewed in place. */
export function watchCaFiles({ databaseUrl, redisCaFile }: Config, nowMs: () => number): CaFiles {
  const files = [
    { server: 'postgresql', path: databaseUrl === null ? null : caFileOf(databaseUrl) },
    { server: 'redis', path: redisCaFile },
  ] as const;
  const ends = keepReading(EVERY_MS, () =>
    Promise.all(
      files.map(async ({ server, path }) => {
        const text = path === null ? '' : await readFile(path, 'utf8').catch(() => '');
        return { server, endMs: Math.min(...certificateEnds(text)) };
      }),
    ),
  );
  return {
    daysLeft: () =>
      (ends.read() ?? [])
        .filter(({ endMs }) => Number.isFinite(endMs))
        .map(({ server, endMs }) => ({ server, days: (endMs - nowMs()) / DAY_MS })),
    stop: ends.stop,
  };
}
