// Checks the contract of the admin API, server/openapi.json, by Spectral's rules for OpenAPI and ours. A step of `npm run check`.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import spectral from '@stoplight/spectral-core';
import parsers from '@stoplight/spectral-parsers';
import { contractRules } from './contract-rules.ts';

export interface LintProblem {
  readonly rule: string;
  readonly at: string;
  readonly message: string;
}

/** Returns everything that breaks a rule, in the order of the document. */
export async function lintContract(text: string): Promise<LintProblem[]> {
  const linter = new spectral.Spectral();
  linter.setRuleset(contractRules);
  const problems = await linter.run(new spectral.Document(text, parsers.Json, 'openapi.json'));
  return problems.map(({ code, path, message }) => ({ rule: String(code), at: path.join('.'), message }));
}

const SHOWN_MAX = 40;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = await lintContract(readFileSync(process.argv[2] ?? 'server/openapi.json', 'utf8'));
  const counts = Map.groupBy(problems, ({ rule }) => rule);
  console.log(
    `${problems.length} problems${[...counts].map(([rule, of]) => `\n${String(of.length).padStart(6)}  ${rule}`).join('')}`,
  );
  for (const { rule, at, message } of problems.slice(0, SHOWN_MAX)) console.log(`${rule}: ${message} (${at})`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
