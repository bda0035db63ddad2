import { existsSync } from 'node:fs';

const PROGRAMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'] as const;

/** Debian's own Chromium; nothing is downloaded. Its headless build needs a third less of CPU, so it is taken where it is. May not be there. */
export const CHROMIUM = process.env.HEADGATE_CHROMIUM ?? PROGRAMS.find((program) => existsSync(program)) ?? '/usr/bin/chromium';
