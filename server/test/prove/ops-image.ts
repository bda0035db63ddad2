/** The image, built from the Dockerfile as it is, and run without rights: healthy, stopped, killed and started again on its volume. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Containers, containers, UNTRUSTED } from '../deploy/containers.ts';
import { lastLine } from '../deploy/programs.ts';
import { freePort } from '../support/ports.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** The name of the image that is built and run here. */
export const PROVED_IMAGE = 'headgate:proved';
const NAME = 'headgate-proved';
const VOLUME = 'headgate-proved';
const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 30_000;
const POLL_MS = 100;

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'the image is built in full only' };
  doing?.('making the base image');
  const tools = containers();
  if (typeof tools === 'string') return { holds: false, figure: '', skipped: tools };
  doing?.('building');
  const started = Date.now();
  const built = tools.build(PROVED_IMAGE);
  if (built.status !== 0) return { holds: false, figure: 'the image was not built', details: [lastLine(built)] };
  const buildSeconds = Math.round((Date.now() - started) / 1000);
  try {
    return await judge(tools, buildSeconds);
  } finally {
    tools.clear([NAME], [VOLUME]);
  }
}

async function judge(tools: Containers, buildSeconds: number): Promise<ProveResult> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const token = randomBytes(24).toString('hex');
  const misses: string[] = [];
  const must = (what: string, holds: boolean) => void (holds || misses.push(what));
  const environment = Object.entries({
    HEADGATE_PORT: String(port),
    HEADGATE_MASTER_KEY: randomBytes(32).toString('base64'),
    HEADGATE_PUBLIC_URL: url,
    HEADGATE_ADMIN_TOKEN: token,
  }).map(([name, value]) => `--env=${name}=${value}`);
  tools.clear([NAME], [VOLUME]);
  const begun = Date.now();
  const ran = tools.podman(
    'run',
    '--detach',
    `--name=${NAME}`,
    ...UNTRUSTED,
    `--volume=${VOLUME}:/data`,
    ...environment,
    PROVED_IMAGE,
  );
  if (ran.status !== 0) return { holds: false, figure: 'the image does not run', details: [lastLine(ran)] };
  must('it is ready', await isReady(url));
  const readyMs = Date.now() - begun;
  const inside = (...command: string[]) => tools.podman('exec', NAME, ...command);
  const uid = inside('id', '-u').stdout.trim();
  must(`it runs without rights (uid ${uid})`, uid !== '0' && uid !== '');
  must('its root file system cannot be written to', inside('touch', '/headgate/x').status !== 0);
  must('its health check passes', tools.podman('healthcheck', 'run', NAME).status === 0);
  const link = inside('node', 'server/src/cli/headgate.js', '--help');
  must('its commands answer', link.status === 0 && link.stdout.includes('first-admin-link'));
  must('an organization is created', (await organizations(url, token, 'POST')) === 201);
  const stopping = Date.now();
  tools.podman('stop', '--time=60', NAME);
  const stopMs = Date.now() - stopping;
  must('it stops by itself', stopMs < STOP_MS_MAX && exitCode(tools) === '0');
  tools.podman('start', NAME);
  must('it is ready after a stop', await isReady(url));
  tools.podman('kill', NAME);
  tools.podman('wait', NAME);
  must('it was killed', exitCode(tools) === '137');
  const again = Date.now();
  tools.podman('start', NAME);
  must('it is ready after a kill', await isReady(url));
  const againMs = Date.now() - again;
  const { stdout, stderr } = tools.podman('logs', NAME);
  must('it waits for no lease of its own after a kill', !`${stdout}${stderr}`.includes('waiting up to'));
  must('what was stored is there', (await organizations(url, token, 'GET')) === 1);
  const megabytes = Number(tools.podman('image', 'inspect', '--format={{.Size}}', PROVED_IMAGE).stdout) / 1e6;
  return {
    holds: misses.length === 0 && megabytes > 0,
    figure:
      `built in ${buildSeconds} s, ${megabytes.toFixed(0)} MB with its base; read-only, no capabilities, uid ${uid}: ready after ` +
      `${(readyMs / 1000).toFixed(1)} s, stopped in ${(stopMs / 1000).toFixed(1)} s, ready ${(againMs / 1000).toFixed(1)} s after a start ` +
      `that follows a kill; ${misses.length} of its promises missed`,
    details: misses,
  };
}

async function isReady(url: string): Promise<boolean> {
  const until = Date.now() + READY_MS_MAX;
  while (Date.now() < until) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok === true) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** The status of the creation of an organization, or how many there are. */
async function organizations(url: string, token: string, method: 'GET' | 'POST'): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = method === 'POST' ? JSON.stringify({ slug: 'acme', name: 'Acme' }) : null;
  const answer = await fetch(`${url}/api/v1/organizations`, { method, headers, body });
  return method === 'POST' ? answer.status : ((await answer.json()) as { data: unknown[] }).data.length;
}

function exitCode({ podman }: Containers): string {
  return podman('inspect', '--format={{.State.ExitCode}}', NAME).stdout.trim();
}
