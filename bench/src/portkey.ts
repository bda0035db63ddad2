/** Portkey's open-source gateway, also in TypeScript, as shipped. Only the benchmark installs it, into bench/.peers. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onGatewayCore, startProcess } from './machine.ts';

const PACKAGE = '@portkey-ai/gateway';
export const PORTKEY_VERSION = '1.15.2';
const peers = path.join(import.meta.dirname, '../.peers');

/** Starts it on the gateways' core with the same Node as Headgate. The first run installs it. Throws if that fails. */
export function startPortkey(port: number): number {
  const home = path.join(peers, 'node_modules', PACKAGE);
  if (!existsSync(home)) install();
  const command = onGatewayCore([process.execPath, path.join(home, 'build/start-server.js'), `--port=${port}`, '--headless']);
  return startProcess(command, { cwd: peers, env: { ...process.env, NODE_ENV: 'production' } }).pid ?? -1;
}

function install(): void {
  console.error(`Installing ${PACKAGE} ${PORTKEY_VERSION} to compare with …`);
  mkdirSync(peers, { recursive: true });
  writeFileSync(
    path.join(peers, 'package.json'),
    JSON.stringify({ private: true, dependencies: { [PACKAGE]: PORTKEY_VERSION } }),
  );
  const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peers,
    encoding: 'utf8',
  });
  if (npm.status !== 0) throw new Error(`${PACKAGE} could not be installed: ${npm.stderr.slice(0, 400)}`);
}
