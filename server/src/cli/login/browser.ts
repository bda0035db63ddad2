import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Machine } from './config-directory.ts';

/** Reports whether a browser can show a page to the person at this terminal. */
export function canShowPages({ env, platform }: Machine): boolean {
  if (env.SSH_CONNECTION || env.SSH_TTY) return false;
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.BROWSER);
}

/** Opens an address in the person's browser. Returns false if no program for that starts. */
export async function openPage(address: string, { env, platform }: Machine): Promise<boolean> {
  const [program, ...args] = programFor(platform, env.BROWSER);
  const child = spawn(program, [...args, address], { stdio: 'ignore', detached: true, env: env as NodeJS.ProcessEnv });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  child.unref();
  return true;
}

function programFor(platform: NodeJS.Platform, browser: string | undefined): readonly [string, ...string[]] {
  if (browser) return [browser];
  if (platform === 'darwin') return ['open'];
  // It takes the address as it is; `start` of the shell would read `&` in it.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}
