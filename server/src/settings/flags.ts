/** Returns the whole flag of a setting: `HEADGATE_PORT` → `--headgate-port`. */
export function flagOf(name: string): string {
  return `--${name.toLowerCase().replaceAll('_', '-')}`;
}

/** Returns the values that flags of the form `--headgate-port=4100` give a setting, in order. */
export function valuesGiven(flags: readonly string[], name: string): readonly string[] {
  const start = `${flagOf(name)}=`;
  return flags.flatMap((flag) => (flag.startsWith(start) ? [flag.slice(start.length)] : []));
}

/** Returns the flags without those that give this setting. */
export function flagsWithout(flags: readonly string[], name: string): readonly string[] {
  return flags.filter((flag) => !flag.startsWith(`${flagOf(name)}=`));
}
