/** A defect in the form that a log may show: its kind and its origin. */
export interface DefectFacts {
  readonly error: string;
  /** The frames of its stack, without the message above them. */
  readonly stack: readonly string[];
}

/**
 * Describes an unexpected error without data that it might quote. `JSON.parse` repeats its input, and libraries put values into
 * their messages. So a message is kept only if it is about the program (the engine's own errors) or about a statement (the
 * store's, which hold no values).
 */
export function describeDefect(error: unknown): DefectFacts {
  if (!(error instanceof Error)) return { error: `a value of type ${typeof error} was thrown instead of an error`, stack: [] };
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
