/** Sets an agent up, and undoes that. Nothing here asks or prints. */
import { rmdirSync, rmSync } from 'node:fs';
import type { Machine } from '../login/config-directory.ts';
import { CommandFailed } from '../outcome.ts';
import type { Agent, Edited, Target } from './agent.ts';
import { Unfit } from './edits.ts';
import { bytesOf, makeFolderOf, readText, replaceFile, textIn } from './files.ts';
import { type JsonChange, unsetJson } from './json-edits.ts';
import { type LineChange, unsetLines } from './line-edits.ts';
import { deleteReceipt, type FileReceipt, hashOf, readReceipt, writeReceipt } from './receipt.ts';

/** The effect of a set-up, or of its undoing, on one file. Null: there is no file. */
export interface FilePlan {
  readonly path: string;
  readonly before: Buffer | null;
  readonly after: Buffer | null;
  /** The places that were changed by hand since, and stay as they are. */
  readonly kept: readonly string[];
  /** True if the file is again as it was before the set-up, byte for byte. */
  readonly isExact: boolean;
}

interface SetupPlan extends FilePlan {
  /** The file as it would be without any set-up. */
  readonly base: Buffer | null;
  readonly edited: Edited;
}

/** Returns what a set-up would write. An earlier set-up is undone first. Throws CommandFailed for a file that cannot take it. */
export function planSetup(agent: Agent, target: Target, machine: Machine, directory: string): readonly SetupPlan[] {
  const earlier = readReceipt(directory, agent.name)?.files ?? [];
  return agent.files(machine, readText).map(({ path, edit }) => {
    const before = bytesOf(path);
    const receipt = earlier.find((one) => one.path === path);
    const base = receipt === undefined ? before : undone(receipt, before).after;
    const edited = inFile(path, () => edit(decoded(path, base), target));
    return { path, before, after: Buffer.from(edited.text), kept: [], isExact: false, base, edited };
  });
}

/** Writes a plan, and the record by which it is undone. Throws CommandFailed if a file changed since it was planned. */
export function applySetup(agent: Agent, url: string, plans: readonly SetupPlan[], directory: string, now: Date): void {
  refuseIfChanged(plans);
  const earlier = readReceipt(directory, agent.name)?.files ?? [];
  const written = plans.map(({ path, base, after, edited: { form, changes } }): FileReceipt => {
    const folders = [...(earlier.find((one) => one.path === path)?.folders ?? []), ...makeFolderOf(path)];
    const bytes = after ?? Buffer.alloc(0);
    return {
      path,
      before: base?.toString('base64') ?? null,
      after: hashOf(bytes),
      folders,
      edited: { form, changes } as FileReceipt['edited'],
    };
  });
  // An earlier set-up may have written to another place, which is undone with this one.
  const files = [...written, ...earlier.filter(({ path }) => !written.some((one) => one.path === path))];
  // First the record: a set-up that is interrupted can be undone.
  writeReceipt(directory, { version: 1, agent: agent.name, url, at: now.toISOString(), files });
  for (const { path, before, after } of plans) if (after !== null && !isEqual(before, after)) replaceFile(path, after);
}

/** Returns what undoing a set-up would write; null if no set-up is recorded. */
export function planUndo(agent: Agent, directory: string): readonly FilePlan[] | null {
  return readReceipt(directory, agent.name)?.files.map((file) => undone(file, bytesOf(file.path))) ?? null;
}

export function applyUndo(agent: Agent, plans: readonly FilePlan[], directory: string): void {
  refuseIfChanged(plans);
  const receipt = readReceipt(directory, agent.name);
  for (const { path, before, after } of plans) {
    if (after !== null && !isEqual(before, after)) replaceFile(path, after);
    if (after === null && before !== null) rmSync(path);
  }
  // After all files: two of them may be in one folder.
  for (const { path, after } of plans)
    if (after === null) removeFolders(receipt?.files.find((one) => one.path === path)?.folders ?? []);
  deleteReceipt(directory, agent.name);
}

/** Returns a file without a set-up: as it was if it is as the set-up left it, else with only the set-up's own changes taken back. */
function undone({ path, before, after, edited }: FileReceipt, now: Buffer | null): FilePlan {
  const was = before === null ? null : Buffer.from(before, 'base64');
  if (now === null) return { path, before: null, after: null, kept: [], isExact: was === null };
  if (hashOf(now) === after) return { path, before: now, after: was, kept: [], isExact: true };
  if (isEqual(now, was)) return { path, before: now, after: now, kept: [], isExact: true };
  const text = decoded(path, now);
  const { text: left, kept } = inFile(path, () => takenBack(text, edited));
  const isLeftOver = was === null && /^\uFEFF?\s*(?:\{\s*\})?\s*$/.test(left);
  return { path, before: now, after: isLeftOver ? null : Buffer.from(left), kept, isExact: isLeftOver };
}

function takenBack(text: string, { form, changes }: FileReceipt['edited']) {
  return form === 'json' ? unsetJson(text, changes as readonly JsonChange[]) : unsetLines(text, changes as readonly LineChange[]);
}

function decoded(path: string, bytes: Buffer | null): string {
  const text = bytes === null ? '' : textIn(bytes);
  if (text === null) throw new CommandFailed(`${path} was not changed: it is not UTF-8.`);
  return text;
}

function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Unfit) throw new CommandFailed(`${path} was not changed: ${error.message}.`);
    throw error;
  }
}

function refuseIfChanged(plans: readonly FilePlan[]): void {
  const changed = plans.find(({ path, before }) => !isEqual(bytesOf(path), before));
  if (changed !== undefined)
    throw new CommandFailed(`${changed.path} was changed meanwhile. Nothing was written. Run the command again.`);
}

function isEqual(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** Removes folders that were made for a file, the innermost first, as far as they are empty. */
function removeFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}
