/** A defect as a log may show it: what kind it was and where it came from. */
export interface DefectFacts {
  readonly error: string;
  /** The frames of its stack, without the message that stands above them. */
  readonly stack: readonly string[];
}

/**
 * An error that nobody foresaw, without what it might quote. `JSON.parse` repeats its input and libraries put values into their messages, so a
 * message is kept only where it speaks of the program (the engine's own errors) or of a statement (the store's, which hold no values).
 */
export function describeDefect(error: unknown): DefectFacts {
  if (!(error instanceof Error)) return { error: `something of the type ${typeof error} was thrown`, stack: [] };
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code.slice(0, 60)})` : '';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: isAboutTheProgram(error) ? `${error.name}${code}: ${error.message}` : `${error.name}${code}`,
    stack: frames.slice(0, FRAMES_MAX).map((line) => line.trim()),
  };
}

const FRAMES_MAX = 12;

function isAboutTheProgram(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError || 'sqlState' in error;
}
