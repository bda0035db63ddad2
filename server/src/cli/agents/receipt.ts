/** Records of set-ups, by which they are undone: `agents/<agent>.json` beside the logins. They hold what was replaced, so only the owner may read them. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../login/private-file.ts';
import { CommandFailed } from '../outcome.ts';
import type { AgentName, Edited } from './agent.ts';

export interface FileReceipt {
  readonly path: string;
  /** The whole file before the set-up, in base64; null: there was none. */
  readonly before: string | null;
  /** The SHA-256 of the file after the set-up. */
  readonly after: string;
  /** Folders that were made for it, the outermost first. */
  readonly folders: readonly string[];
  readonly edited: Omit<Edited, 'text'>;
}

export interface Receipt {
  readonly version: 1;
  readonly agent: AgentName;
  readonly url: string;
  readonly at: string;
  readonly files: readonly FileReceipt[];
}

function receiptFile(directory: string, agent: AgentName): string {
  return join(directory, 'agents', `${agent}.json`);
}

/** Returns the record of an agent's set-up; null if there is none. Throws CommandFailed if it cannot be read. */
export function readReceipt(directory: string, agent: AgentName): Receipt | null {
  const file = receiptFile(directory, agent);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CommandFailed(`${file} cannot be read (${code}). Check its permissions.`);
  }
  const receipt = receiptIn(text, agent);
  if (receipt === null)
    throw new CommandFailed(
      `${file}, the record of the set-up, is not readable. Remove what was set up by hand, then delete that file.`,
    );
  return receipt;
}

export function writeReceipt(directory: string, receipt: Receipt): void {
  writeWhole(receiptFile(directory, receipt.agent), Buffer.from(`${JSON.stringify(receipt, null, 1)}\n`));
}

export function deleteReceipt(directory: string, agent: AgentName): void {
  rmSync(receiptFile(directory, agent), { force: true });
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function receiptIn(text: string, agent: AgentName): Receipt | null {
  try {
    const value = JSON.parse(text) as Receipt;
    return value.version === 1 && value.agent === agent && value.files.every(isFileReceipt) ? value : null;
  } catch {
    return null;
  }
}

function isFileReceipt({ path, before, after, folders, edited }: FileReceipt): boolean {
  const areTexts = [path, after, ...folders].every((one) => typeof one === 'string') && typeof edited.form === 'string';
  return (
    areTexts && (before === null || typeof before === 'string') && edited.changes.every((change) => typeof change === 'object')
  );
}
