import { type Dispatch, type SetStateAction, useEffect, useState } from 'react';

/**
 * Holds the text of a field that changes the address late. The text follows `value` when the address changes without the field:
 * by Back, a link, or a removed filter.
 */
export function useFollowing<T extends string | undefined>(value: T): readonly [T, Dispatch<SetStateAction<T>>] {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return [text, setText];
}
