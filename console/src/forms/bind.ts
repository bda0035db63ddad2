import type { UseFormReturnType } from '@mantine/form';

/** What is wrong with fields, by their path in the form: `budgets.0.amount`. */
export type FieldErrors = Readonly<Record<string, unknown>>;

/** What every shared form piece takes: its value, what to do with a new one, and the form's errors below its own path. */
export interface Bound<T> {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly errors?: FieldErrors;
  /** Where the piece stands in the form: `rate_limits`, `model_limits.2.rate_limits`. */
  readonly at: string;
  readonly disabled?: boolean;
}

/** Ties a piece to a field of a form. Changing it takes away what the server said of it, all the way down. */
export function bind<V, K extends keyof V & string>(form: UseFormReturnType<V>, at: K): Bound<V[K]> {
  return {
    at,
    value: form.getValues()[at],
    errors: form.errors,
    onChange: (value) => {
      form.setFieldValue(at, value as never);
      form.setErrors((before) => Object.fromEntries(Object.entries(before).filter(([path]) => !isBelow(path, at))));
    },
  };
}

/** The error of one field as text, or nothing. */
export function errorAt(errors: FieldErrors | undefined, path: string): string | undefined {
  const error = errors?.[path];
  return typeof error === 'string' ? error : undefined;
}

function isBelow(path: string, at: string): boolean {
  return path === at || path.startsWith(`${at}.`);
}
