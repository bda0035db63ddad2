import { readFileSync } from 'node:fs';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** The version of this program, from its package.json. */
export const programVersion = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version;
