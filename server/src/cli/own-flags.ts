/** Separates a command's own flags from the gateway's settings. */
export function flagsBefore<Name extends string>(
  argv: readonly string[],
  names: readonly Name[],
): { readonly given: ReadonlySet<Name>; readonly settings: readonly string[] } {
  const nameOf = (word: string) => names.find((name) => word === `--${name}`);
  const given = argv.map(nameOf).filter((name) => name !== undefined);
  return { given: new Set(given), settings: argv.filter((word) => nameOf(word) === undefined) };
}
