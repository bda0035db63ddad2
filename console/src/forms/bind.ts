import type { UseFormReturnType } from '@mantine/form';

/** Error messages by the field's path in the form: `budgets.0.amount`. */
export type FieldErrors = Readonly<Record<string, unknown>>;

/** The props of every shared part of a form: its value, the handler of a new one, and the form's errors. */
export interface Bound<T> {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly errors?: FieldErrors;
  /** The path of the part in the form: `rate_limits`, `model_limits.2.rate_limits`. */
  readonly at: string;
  readonly disabled?: boolean;
}

/** Returns the props that connect a part to a form's field. The form removes the messages of what is mended. */
export function bind<V, K extends keyof V & string>(form: UseFormReturnType<V>, at: K): Bound<V[K]> {
  return {
    at,
    value: form.getValues()[at],
    errors: form.errors,
    onChange: (value) => setField(form, at, value),
  };
}

/** Sets one top-level field. The library types a path of any depth, which it cannot work out for a form that is a type parameter. */
function setField<V, K extends keyof V & string>(form: UseFormReturnType<V>, at: K, value: V[K]): void {
  const set = form.setFieldValue as (path: string, value: unknown) => void;
  set(at, value);
}

/** Returns the error of one field if it is text; otherwise undefined. */
export function errorAt(errors: FieldErrors | undefined, path: string): string | undefined {
  const error = errors?.[path];
  return typeof error === 'string' ? error : undefined;
}
