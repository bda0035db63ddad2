import { Fragment } from 'react';

/** A name without spaces that may wrap after its punctuation but not inside a word. */
export function Breakable({ text }: { text: string }) {
  return (
    <bdi>
      {text.split(/(?<=[_.@/-])/).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other key.
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </bdi>
  );
}
