// The package as people get it: built, packed, installed into an empty folder, started from there on an empty data directory.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tryPackage } from '../../../scripts/release/package.ts';
import { ended } from './ended.ts';
import { repository, startGateway, temporaryDirectory } from './gateway.ts';
import { type ProveOptions, type ProveResult, unmet } from './prove.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const folder = temporaryDirectory();
  const tarball = await pack(folder);
  const place = path.join(folder, 'place');
  mkdirSync(place);
  // Quick runs ask no registry: what the package names is linked from here, and nothing else is within its reach.
  const how = await (quick ? unpack(tarball, place) : install(tarball, place));
  const bin = path.join(place, 'node_modules/headgate/server/bin/headgate.mjs');
  const gateway = await startGateway({
    command: [process.execPath, bin, 'serve'],
    cwd: place,
    dataDir: path.join(place, 'data'),
  });
  try {
    const page = await fetch(gateway.base);
    const isPage = page.status === 200 && (await page.text()).includes('<title>Headgate');
    const help = await ended([process.execPath, bin, '--help'], { cwd: place });
    const built = await fetch(`${gateway.base}/api/v1/health`, { headers: { authorization: `Bearer ${gateway.adminToken}` } });
    const ready = (await fetch(`${gateway.base}/health/ready`)).status;
    const code = await gateway.stop();
    const locked = quick ? '' : `; with its lock file: ${(await tryPackage(tarball)).packages} packages, each as it names it`;
    const wrong = unmet({
      '/health/ready is 200': ready === 200,
      'the console is served': isPage,
      '--help ends with 0': help.status === 0,
      'the admin API answers': built.status === 200,
      'it stops with 0': code === 0,
    });
    return {
      holds: wrong.length === 0,
      figure: `package ${(readFileSync(tarball).length / 1e6).toFixed(1)} MB ${how}: /health/ready ${ready} after ${(gateway.readyMs / 1_000).toFixed(1)} s, console ${page.status}, admin API ${built.status}, --help exit ${help.status}, stopped with ${code}${locked}`,
      details: [...wrong, gateway.output().slice(-2_000)],
    };
  } finally {
    await gateway.kill();
  }
}

/** In a process of its own, because it compiles and copies for many seconds. */
const PACK = `
  const { buildPackage, packFolder } = await import('./scripts/pack.ts');
  const [built, folder] = process.argv.slice(1);
  buildPackage(built);
  console.log(packFolder(built, folder));
`;

async function pack(folder: string): Promise<string> {
  const args = ['--input-type=module', '-e', PACK, path.join(folder, 'package'), folder];
  return (await runProgram(process.execPath, args, repository)).trim();
}

async function install(tarball: string, place: string): Promise<string> {
  writeFileSync(path.join(place, 'package.json'), '{"private": true}');
  const startedMs = performance.now();
  await runProgram(
    'npm',
    ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball],
    place,
  );
  return `installed with npm in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`;
}

async function unpack(tarball: string, place: string): Promise<string> {
  const modules = path.join(place, 'node_modules');
  mkdirSync(modules);
  await runProgram('tar', ['-xzf', tarball, '-C', modules], place);
  await runProgram('mv', ['package', 'headgate'], modules);
  const manifest = JSON.parse(readFileSync(path.join(modules, 'headgate/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(repository, 'node_modules', name), path.join(modules, name));
  }
  return 'unpacked beside what it names';
}

async function runProgram(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { status, stdout, stderr } = await ended([program, ...args], { cwd });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
