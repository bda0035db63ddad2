import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { commandLine } from './commands.ts';
import { readOptions } from './options.ts';
import { type Built, nextCommands, publishCommands, runCommands } from './publish.ts';

const root = mkdtempSync(path.join(tmpdir(), 'headgate-publish-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const manifest = (more: object) => writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'headgate', ...more }));

const built: Built = {
  ...{ root, out: '/out', version: '1.2.3', commit: 'c1', tarball: '/out/headgate-1.2.3.tgz', tagged: 'c1' },
  image: { name: 'headgate:1.2.3', engine: 'podman' },
};
const SIGNED_IN = { ACTIONS_ID_TOKEN_REQUEST_URL: 'given' };
const lines = (args: readonly string[], of: Built = built, env: NodeJS.ProcessEnv = SIGNED_IN) =>
  publishCommands(of, readOptions(args), env).map(([program, ...rest]) => commandLine(program, rest));

describe('what is published', () => {
  test('is what was asked for, tag first, and nothing of a plain dry run', () => {
    manifest({ repository: { type: 'git', url: 'git+https://git.example/headgate.git' } });
    expect(lines(['--dry-run'])).toEqual([]);
    const all = ['--tag', '--publish', '--push-image=team/headgate', '--image=x', '--push-chart=oci://charts.example/team'];
    expect(lines(all, { ...built, tagged: null })).toEqual([
      "git tag --annotate v1.2.3 --message 'Headgate 1.2.3' c1",
      'npm publish /out/headgate-1.2.3.tgz --provenance',
      'podman tag headgate:1.2.3 team/headgate:1.2.3',
      'podman push team/headgate:1.2.3',
      'helm package deploy/helm/headgate --destination /out/chart',
      'helm push /out/chart/headgate-1.2.3.tgz oci://charts.example/team',
    ]);
    expect(lines(['--tag'])).toEqual([]);
  });

  test('needs the tag, and for provenance a repository and a service that vouches for it', () => {
    manifest({});
    expect(() => lines(['--publish'], { ...built, tagged: null })).toThrow('this commit is not tagged v1.2.3: add --tag');
    expect(() => lines(['--publish'])).toThrow('package.json names no repository');
    manifest({ repository: { type: 'git', url: 'git+https://git.example/headgate.git' } });
    expect(() => lines(['--publish'], built, {})).toThrow('npm signs the origin only in a build service');
    expect(lines(['--publish', '--without-provenance'], built, {})).toEqual([
      'npm publish /out/headgate-1.2.3.tgz --provenance=false',
    ]);
  });

  test('is printed before it runs, and not run dry', () => {
    const printed: string[] = [];
    const command = ['node', '--print', '20 + 3'] as const;
    runCommands(root, [[...command]], true, (line) => printed.push(line));
    runCommands(root, [[...command]], false, (line) => printed.push(line));
    expect(printed).toEqual(["would run: node --print '20 + 3'", "$ node --print '20 + 3'", '23']);
    expect(() => runCommands(root, [['node', '--eval', 'process.exit(3)']], false, () => {})).toThrow(/^node --eval .* failed/);
  });

  test('is followed by what is left to do', () => {
    const next = (args: readonly string[], of: Built = built) => nextCommands(of, readOptions(args)).join('\n');
    expect(next(['--dry-run', '--skip-tests'])).toContain('with the tests');
    expect(next(['--dry-run'], { ...built, tagged: null })).toBe('npm run release -- --tag');
    expect(next(['--dry-run', '--tag'], { ...built, tagged: null })).toBe('npm run release -- --tag');
    expect(next(['--tag'])).toMatch(/^git push <remote> v1\.2\.3\nnpm run release -- --publish\n/);
    expect(next(['--publish'])).not.toContain('--publish');
  });
});
