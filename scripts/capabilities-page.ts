// Writes docs/capabilities.md: what recorded answers show of each provider. `--check` only checks that the page is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { CAPABILITIES, claims } from '../server/test/prove/capability-claims.ts';

const FILE = new URL('../docs/capabilities.md', import.meta.url);
const all = claims();
const text = `# What is proven of each provider

Each “yes” is shown by an answer that the provider really sent, and that the tests serve again. “–” means *not proven*: nothing recorded shows it, and it may work or not. Ids are those of
\`provider\` in credentials and deployments. \`npm run generate\` writes this page from the recordings in \`server/test/recorded\`. \`npm run prove vendors.table\` serves each of them behind each
format of clients, and misses if a recording that is named here does not pass.

| provider | ${CAPABILITIES.join(' | ')} |
${'|---'.repeat(CAPABILITIES.length + 1)}|
${all.map(({ provider, proven }) => `| \`${provider}\` | ${CAPABILITIES.map((one) => (proven.has(one) ? 'yes' : '–')).join(' | ')} |\n`).join('')}
Thinking, images and tools depend on the model too. Errors are answers with an error’s status, or errors in a 200. Rate-limit headers were recorded with few answers.

## Proven by which recording

${all.flatMap(linesOf).join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (text !== readFileSync(FILE, 'utf8')) {
  process.stderr.write('docs/capabilities.md is not what the recordings show: run `npm run generate` and commit it.\n');
  process.exitCode = 1;
}

function linesOf({ provider, proven }: (typeof all)[number]): readonly string[] {
  if (proven.size === 0) return [`- \`${provider}\`: nothing was recorded`];
  const shown = CAPABILITIES.flatMap((one) => (proven.has(one) ? [`${one} \`${proven.get(one)}\``] : []));
  return [`- \`${provider}\`: ${shown.join(', ')}`];
}
