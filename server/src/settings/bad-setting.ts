/** A setting has a bad value. The start fails with one line that names the setting. */
export class BadSetting extends Error {}
