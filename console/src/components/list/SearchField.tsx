import { TextInput } from '@mantine/core';
import { useDebouncedCallback, useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useRef } from 'react';
import { useFollowing } from '../fields/useFollowing.ts';

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  /** Called with the trimmed text when the person pauses typing. */
  readonly onChange: (text: string) => void;
}

/** The search field of a list. The `/` key focuses it. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const [text, setText] = useFollowing(value);
  const field = useRef<HTMLInputElement>(null);
  const say = useDebouncedCallback(onChange, 250);
  useHotkeys([['/', () => field.current?.focus()]]);
  return (
    <TextInput
      ref={field}
      w={{ base: '100%', xs: 280 }}
      size="sm"
      type="search"
      aria-label={label}
      placeholder={label}
      maxLength={200}
      leftSection={<IconSearch size={16} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        say(event.currentTarget.value.trim());
      }}
    />
  );
}
