import { words } from './words.ts';

/** The id of the main part of a page. */
export const MAIN = 'main';

/** The first link of a page, visible when it has the focus: it leads past the navigation. */
export function SkipLink() {
  return (
    <a
      href={`#${MAIN}`}
      className="skip-link"
      onClick={(event) => {
        // Only the focus moves: the address must not change, since it says what the page shows.
        event.preventDefault();
        document.getElementById(MAIN)?.focus();
      }}
    >
      {words.skipToTheContent}
    </a>
  );
}
