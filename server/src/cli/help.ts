import { SETTINGS } from '../config.ts';

const ASKING = new Set(['help', '--help', '-h']);

/** Whether a command line asks what there is: `headgate help`, `headgate serve --help`. */
export function asksForHelp(argv: readonly string[]): boolean {
  return ASKING.has(argv[0] ?? '') || argv.includes('--help');
}

/** The commands and every setting with its default. */
export function help(): string {
  const width = Math.max(...SETTINGS.map(({ name }) => name.length)) + 2;
  return [
    'headgate [serve] [settings]                             the gateway and its admin API',
    'headgate seed [--organizations n] [--keys n] [--requests n] [--days n] [settings]   load-size data',
    '',
    'Settings are environment variables, or flags of the same name: HEADGATE_PORT=4100 is --port 4100.',
    '',
    ...SETTINGS.map(
      ({ name, default: standard, about }) => `  ${name.padEnd(width)}${about}${standard === '' ? '' : ` [${standard}]`}`,
    ),
    '',
  ].join('\n');
}
