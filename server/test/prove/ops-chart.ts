/**
 * What real Helm says of the chart: `lint`, `template` over value files, bad values refused in one line; and what Kubernetes' own schemas and
 * types say of every object that it makes.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { DATA_PATHS, DATA_PREFIXES } from '../../src/domain/planes.ts';
import { type ChartTools, chartTools } from '../deploy/chart-tools.ts';
import { ended } from './ended.ts';
import { repository } from './gateway.ts';
import type { ProveResult } from './prove.ts';

const CHART = path.join(repository, 'deploy/helm/headgate');
const VALUES = path.join(repository, 'server/test/deploy/values');
const FILES_MIN = 10;

/** Values that must be refused, and what the one line must name. */
const REFUSED: readonly (readonly [set: string, says: RegExp])[] = [
  ['data.replicas=0', /data\/replicas/],
  ['replicas=3', /'replicas' not allowed/],
  ['service.port=99999', /service\/port/],
  ['ingress.enabled=true', /ingress\/host/],
  ['image.pullPolicy=Sometimes', /image\/pullPolicy/],
  ['drainSeconds=-1', /drainSeconds/],
  ['publicUrl=headgate', /publicUrl/],
  ['data.workers=two', /data\/workers/],
  ['settings.bad-name=1', /bad-name/],
  ['data.resources.limits.memory=lots', /memory/],
  ['data.workers=16', /data\.resources\.limits\.memory: .* too little for 16 workers|databaseConnections/],
  ['databaseConnections=20', /databaseConnections: 20 are enough for 0 data pods/],
  ['settings.HEADGATE_ROLE=all', /settings\.HEADGATE_ROLE: it is set by the plane/],
  ['settings.HEADGATE_DRAIN_SECONDS=9', /settings\.HEADGATE_DRAIN_SECONDS: it is set by drainSeconds/],
  ['settings.DATABASE_URL=x', /settings\.DATABASE_URL: this is a secret/],
];

interface Made {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface StatefulSet extends Made {
  readonly spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}

/** What must stand in what a value file makes: the value of a setting in a plane, or a field of an object. */
const EXPECTED: Readonly<Record<string, (objects: readonly Made[]) => Record<string, readonly [is: unknown, should: unknown]>>> =
  {
    'default.yaml': (objects) => ({
      'heap of data': [settingOf(objects, 'data', 'NODE_OPTIONS'), '--max-old-space-size=614'],
      'pods at most': [fieldOf(objects, 'HorizontalPodAutoscaler', 'maxReplicas'), 7],
    }),
    'small.yaml': (objects) => ({
      autoscalers: [objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').length, 0],
      pods: [fieldOf(objects, 'StatefulSet', 'replicas'), 1],
    }),
    'numbers.yaml': (objects) => ({
      'a number of ten digits': [settingOf(objects, 'data', 'HEADGATE_BUFFERED_BYTES_MAX'), '1000000000'],
      'a number of eleven digits': [settingOf(objects, 'data', 'HEADGATE_JOURNAL_BYTES_MAX'), '34359738368'],
      off: [settingOf(objects, 'data', 'HEADGATE_FAST_LANE'), 'off'],
      on: [settingOf(objects, 'data', 'HEADGATE_DEMO'), 'on'],
    }),
    'workers.yaml': (objects) => ({
      'heap of each of four': [settingOf(objects, 'data', 'NODE_OPTIONS'), '--max-old-space-size=600'],
      'heap of one in 1500M': [settingOf(objects, 'admin', 'NODE_OPTIONS'), '--max-old-space-size=858'],
      'pods at most': [fieldOf(objects, 'HorizontalPodAutoscaler', 'maxReplicas'), 8],
    }),
    'no-limits.yaml': (objects) => ({ heap: [settingOf(objects, 'data', 'NODE_OPTIONS'), undefined] }),
    'ingress.yaml': (objects) => ({
      proxies: [settingOf(objects, 'data', 'HEADGATE_TRUSTED_PROXIES'), '10.0.0.0/8,2001:db8::1'],
      ingresses: [objects.filter(({ kind }) => kind === 'Ingress').length, 1],
      'paths of the data plane': [
        dataPathsOf(objects),
        [...DATA_PREFIXES.map(({ prefix }) => prefix), ...DATA_PATHS.map(({ path: at }) => at)].join(),
      ],
    }),
    'large.yaml': (objects) => ({ 'pods at most': [fieldOf(objects, 'HorizontalPodAutoscaler', 'maxReplicas'), 60] }),
  };

export async function run(): Promise<ProveResult> {
  const tools = await chartTools();
  if (typeof tools === 'string') return { holds: false, figure: '', skipped: tools };
  const helm = (...args: string[]) => ended([tools.helm, ...args]);
  const version = (await helm('version', '--short')).stdout.trim();
  const lint = await helm('lint', '--strict', CHART);
  const files = readdirSync(VALUES).sort();
  const misses: string[] = [];
  if (lint.status !== 0) misses.push(`lint: ${lint.stdout}${lint.stderr}`);
  const made: FileObject[] = [];
  for (const file of files) {
    const template = ['template', 'headgate', CHART, '--namespace=llm', '-f', path.join(VALUES, file)];
    const { status, stdout, stderr } = await helm(...template);
    if (status !== 0) misses.push(`${file}: ${stderr.trim()}`);
    const objects = status === 0 ? parseAllDocuments(stdout).map((document) => document.toJS() as Made | null) : [];
    made.push(...objects.filter((object) => object !== null).map((object) => ({ file, object })));
  }
  for (const file of files) misses.push(...checkOf(file, ofFile(made, file)));
  misses.push(...(await judgedBySchemas(tools, made)), ...(await judgedByTypes(tools, made)));
  const accepted: string[] = [];
  for (const [set, says] of REFUSED) {
    const { status, stderr } = await helm('template', 'headgate', CHART, '--set', set);
    if (status === 0 || !says.test(stderr)) accepted.push(set);
  }
  misses.push(...accepted.map((set) => `not refused with a line that names it: ${set}`));
  return {
    holds: misses.length === 0 && files.length >= FILES_MIN && made.length > files.length,
    figure:
      `Helm ${version}: lint ${lint.status === 0 ? 'passes' : 'fails'}, ${files.length} value files make ${made.length} objects, ` +
      `${misses.length} faults by Kubernetes' schemas, its types and what each file should make; bad values refused ` +
      `${REFUSED.length - accepted.length} of ${REFUSED.length}`,
    details: misses,
  };
}

type FileObject = { readonly file: string; readonly object: Made };

function ofFile(made: readonly FileObject[], file: string): Made[] {
  return made.filter((each) => each.file === file).map(({ object }) => object);
}

/** A setting is named once, and is what it should be. */
function checkOf(file: string, objects: readonly Made[]): string[] {
  const twice = objects.filter(isStatefulSet).flatMap((object) => {
    const names = envOf(object).map(({ name }) => name);
    return names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `${file}: ${object.metadata.name} has ${name} twice`);
  });
  const expected = Object.entries(EXPECTED[file]?.(objects) ?? {});
  const wrong = expected.filter(([, [is, should]]) => is !== should);
  return [...twice, ...wrong.map(([what, [is, should]]) => `${file}: ${what} is ${String(is)} and should be ${String(should)}`)];
}

function isStatefulSet(object: Made): object is StatefulSet {
  return object.kind === 'StatefulSet';
}

const envOf = ({ spec }: StatefulSet) => spec.template.spec.containers[0]?.env ?? [];

function settingOf(objects: readonly Made[], plane: string, name: string): string | undefined {
  const set = objects.filter(isStatefulSet).find((object) => object.metadata.name.endsWith(`-${plane}`));
  return set === undefined ? undefined : envOf(set).find((each) => each.name === name)?.value;
}

function fieldOf(objects: readonly Made[], kind: string, field: string): unknown {
  return (objects.find((object) => object.kind === kind) as { spec?: Record<string, unknown> } | undefined)?.spec?.[field];
}

/** The paths that an ingress sends to the service of the data plane. */
function dataPathsOf(objects: readonly Made[]): string | undefined {
  const rules = fieldOf(objects, 'Ingress', 'rules') as
    | readonly { http: { paths: readonly { path: string; backend: { service: { name: string } } }[] } }[]
    | undefined;
  const paths = rules?.flatMap(({ http }) => http.paths).filter(({ backend }) => backend.service.name.endsWith('-data'));
  return paths?.map(({ path: at }) => at).join();
}

/** Where the models of an API stand: `apps/v1`, `v1`, or a package of its own. */
function moduleOf({ apiVersion }: Made): string {
  return apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;
}

/** Types, formats and what must be there, by the schemas of Kubernetes. */
async function judgedBySchemas({ folder }: ChartTools, made: readonly FileObject[]): Promise<string[]> {
  const misses: string[] = [];
  for (const { file, object } of made) {
    const at = `${path.join(folder, 'node_modules', moduleOf(object))}/${object.kind}.js`;
    const models = (await import(at)) as Record<string, new (object: Made) => { validate(): void }>;
    const Model = models[object.kind];
    try {
      if (Model === undefined) throw new Error('Kubernetes has no such kind');
      new Model(object).validate();
    } catch (error) {
      misses.push(`${file}: ${object.kind} ${object.metadata.name}: ${(error as Error).message}`);
    }
  }
  return misses;
}

/** Names that Kubernetes does not know, which its schemas let pass: each object is compiled as what it says it is. */
async function judgedByTypes({ folder }: ChartTools, made: readonly FileObject[]): Promise<string[]> {
  const source = mkdtempSync(path.join(folder, 'typed-'));
  try {
    const imports = new Map(made.map(({ object }) => [`I${object.kind}`, moduleOf(object)]));
    const lines = [
      ...[...imports].map(([name, from]) => `import type { ${name} } from '${from}';`),
      ...made.map(({ object }, index) => `export const of${index}: I${object.kind} = ${JSON.stringify(object)};`),
    ];
    writeFileSync(path.join(source, 'objects.mts'), lines.join('\n'));
    const compiler = path.join(repository, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
    const { stdout } = await ended([process.execPath, compiler, ...options, 'objects.mts'], { cwd: source });
    // Any other error than of an object is one too: a compiler that did not run has judged nothing.
    const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
    return errors.map((line) => {
      const [, number, says] = /^objects\.mts\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
      const at = made[Number(number) - imports.size - 1];
      return at === undefined ? line : `${at.file}: ${at.object.kind}: ${says}`;
    });
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}
