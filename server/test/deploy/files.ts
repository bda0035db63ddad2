/** The files that put Headgate on a machine or into a cluster, as data. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { SETTINGS } from '../../src/settings/settings.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export const deployPath = (file: string) => path.join(root, 'deploy', file);
export const readText = (file: string) => readFileSync(path.join(root, file), 'utf8');
export const readYaml = <T>(file: string): T => parse(readText(file)) as T;

/** Throws what is wrong with a text that should be YAML. */
export function checkYaml(text: string): void {
  for (const document of parseAllDocuments(text)) if (document.errors.length > 0) throw document.errors[0];
}

export const settingNames: ReadonlySet<string> = new Set(SETTINGS.map(({ name }) => name));
export const secretNames: ReadonlySet<string> = new Set(SETTINGS.filter(({ secret }) => secret === true).map(({ name }) => name));
export const defaultOf = (name: string) => SETTINGS.find((setting) => setting.name === name)?.default;

const CHART = 'deploy/helm/headgate';

/** The chart's templates, by file. */
export function templates(): ReadonlyMap<string, string> {
  const folder = `${CHART}/templates`;
  return new Map(readdirSync(path.join(root, folder)).map((file) => [file, readText(`${folder}/${file}`)]));
}

export const chartValues = () => readYaml<Record<string, unknown>>(`${CHART}/values.yaml`);

/** The instructions of a Dockerfile's last stage: what the image is. */
export function imageInstructions(): readonly (readonly [instruction: string, rest: string])[] {
  const lines = readText('deploy/Dockerfile').replaceAll(/\\\n/g, ' ').split('\n');
  const instructions = lines.flatMap((line) => {
    const [, instruction, rest] = /^([A-Z]+) +(.*)$/.exec(line) ?? (/^ +CMD/.test(line) ? [] : []);
    return instruction === undefined || rest === undefined ? [] : [[instruction, rest.replaceAll(/ +/g, ' ')] as const];
  });
  return instructions.slice(instructions.findLastIndex(([instruction]) => instruction === 'FROM'));
}
