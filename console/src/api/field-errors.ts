import { Problem } from './client.ts';

/**
 * What the server says of single fields, by the form's own paths: `/budgets/0/amount` is `budgets.0.amount`. What concerns no field is left
 * out and belongs beside the form's button.
 */
export function fieldErrorsOf(error: unknown): Record<string, string> {
  if (!(error instanceof Problem)) return {};
  const named = Object.entries(error.fields).filter(([pointer]) => pointer.startsWith('/'));
  return Object.fromEntries(named.map(([pointer, message]) => [pathOf(pointer), sentenceOf(message)]));
}

/** Whether everything that is wrong stands at a field that the form shows, so that a note beside the button would only repeat it. */
export function isAllAtFields(error: unknown, shown: (path: string) => boolean): boolean {
  const paths = Object.keys(fieldErrorsOf(error));
  return paths.length > 0 && paths.every(shown);
}

/** What is wrong at a path of a form or, where it holds a list, first below it. */
export function firstErrorOf(errors: Readonly<Record<string, unknown>>, path: string): string | undefined {
  const found = Object.entries(errors).find(([at]) => at === path || at.startsWith(`${path}.`))?.[1];
  return typeof found === 'string' ? found : undefined;
}

function pathOf(pointer: string): string {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

function sentenceOf(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
