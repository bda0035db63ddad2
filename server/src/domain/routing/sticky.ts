/** Sticky sessions without state: each session draws an order of deployments of its own, by a hash in place of chance. */
import { hash } from 'node:crypto';

/** The most characters of a session's name that are read. */
const SESSION_CHARS_MAX = 512;

/**
 * Returns the number that a session draws for a deployment, from 0 up to, not including, 1. It depends on nothing else, so a
 * deployment that comes or goes moves only its own sessions. Sessions of two organizations are two sessions.
 */
export function sessionDraw(organizationId: string, session: string, deploymentId: string): number {
  const digest = hash('sha256', `${organizationId}\n${deploymentId}\n${session.slice(0, SESSION_CHARS_MAX)}`, 'buffer');
  return digest.readUIntBE(0, DRAWN_BYTES) / 2 ** (8 * DRAWN_BYTES);
}

/** As many bytes as a number holds exactly. */
const DRAWN_BYTES = 6;
