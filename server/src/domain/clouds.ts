/** The clouds whose machines have an identity of their own, which credentials of the kind `ambient` use. */
export const CLOUDS = ['aws', 'gcp', 'azure'] as const;
export type Cloud = (typeof CLOUDS)[number];
