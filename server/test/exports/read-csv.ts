/** Reads comma-separated values as RFC 4180 says, for tests of what we write. */
export function readCsv(text: string): Record<string, string>[] {
  const rows = rowsOf(text.endsWith('\r\n') ? text.slice(0, -2) : text);
  const [head = [], ...lines] = rows;
  return lines.map((line) => Object.fromEntries(head.map((name, at) => [name, line[at] ?? ''])));
}

function rowsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  for (;;) {
    const found = cell.exec(text);
    if (found === null) throw new Error(`not well-formed at ${text.slice(cell.lastIndex, cell.lastIndex + 40)}`);
    rows.at(-1)?.push(found[1] === undefined ? (found[2] ?? '') : found[1].replaceAll('""', '"'));
    if (cell.lastIndex >= text.length) break;
    if (found[3] === '\r\n') rows.push([]);
  }
  return rows;
}

/** USD with up to nine decimals as whole nano-dollars. */
export function nanoUsdOf(text: string): bigint {
  const [, sign = '', whole = '', decimals = ''] = /^(-?)([0-9]+)(?:\.([0-9]{1,9}))?$/.exec(text) ?? [];
  if (whole === '') throw new Error(`not an amount: ${text}`);
  const amount = BigInt(whole) * 1_000_000_000n + BigInt(decimals.padEnd(9, '0'));
  return sign === '-' ? -amount : amount;
}
