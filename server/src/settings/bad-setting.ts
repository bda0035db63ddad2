/** A bad value stops the start with one line that names it. */
export class BadSetting extends Error {}
