/** The table behind `tags.route`: which deployments a request may reach, by set arithmetic and by nothing of the program's own. */

export interface Place {
  /** What its upstream model is called. */
  readonly name: string;
  readonly tags: readonly string[];
  readonly is: 'up' | 'broken' | 'disabled';
}

export interface Target {
  readonly name: string;
  readonly places: readonly Place[];
  readonly fallbacks?: readonly string[];
}

const up = (name: string, ...tags: string[]): Place => ({ name, tags, is: 'up' });
const broken = (name: string, ...tags: string[]): Place => ({ name, tags, is: 'broken' });
const disabled = (name: string, ...tags: string[]): Place => ({ name, tags, is: 'disabled' });

export const TARGETS: readonly Target[] = [
  { name: 'mixed', places: [up('eu', 'eu'), up('eu-gpu', 'eu', 'gpu'), up('us', 'us'), up('plain')] },
  { name: 'all-tagged', places: [up('eu', 'eu'), up('us', 'us')] },
  { name: 'untagged', places: [up('one'), up('two')] },
  { name: 'disabled', places: [disabled('eu', 'eu'), up('us', 'us'), up('plain')] },
  { name: 'cooling', places: [broken('eu', 'eu'), broken('eu-too', 'eu'), up('plain')] },
  { name: 'falling', places: [broken('eu', 'eu'), broken('plain')], fallbacks: ['spare', 'last'] },
  { name: 'spare', places: [up('eu', 'eu'), up('plain')] },
  { name: 'last', places: [up('us', 'us')] },
];

/** Of organization, team and key. */
export interface Policy {
  readonly name: string;
  readonly defaults: readonly [string[], string[], string[]];
  readonly required: readonly [string[], string[], string[]];
}

const at = (level: number, tags: string[]): [string[], string[], string[]] =>
  [0, 1, 2].map((one) => (one === level ? tags : [])) as never;
const nowhere = at(-1, []);
const LEVELS = ['organization', 'team', 'key'] as const;

export const POLICIES: readonly Policy[] = [
  { name: 'none', defaults: nowhere, required: nowhere },
  ...LEVELS.map((level, index) => ({ name: `default of the ${level}`, defaults: at(index, ['eu']), required: nowhere })),
  ...LEVELS.map((level, index) => ({ name: `required by the ${level}`, defaults: nowhere, required: at(index, ['eu']) })),
  { name: 'defaults of all levels', defaults: [['us'], ['gpu', 'label'], ['eu']], required: nowhere },
  { name: 'required by all levels', defaults: nowhere, required: [['eu'], ['gpu'], ['eu']] },
  { name: 'required by two levels, and nobody has both', defaults: nowhere, required: [['eu'], [], ['us']] },
  { name: 'a default that is not what is required', defaults: at(1, ['us']), required: at(0, ['eu']) },
];

export interface Ask {
  readonly name: string;
  readonly header?: string;
  readonly metadata?: object;
  /** The tags it names; null: it is refused for them. */
  readonly asked: readonly string[] | null;
}

export const ASKS: readonly Ask[] = [
  { name: 'none', asked: [] },
  { name: 'header', header: 'eu', asked: ['eu'] },
  { name: 'metadata.tags', metadata: { tags: ['eu'], kept: 'yes' }, asked: ['eu'] },
  { name: 'a string', metadata: { tags: 'eu' }, asked: [] },
  { name: 'both', header: 'eu', metadata: { tags: ['gpu', 'eu'] }, asked: ['eu', 'gpu'] },
  { name: 'unknown', header: 'project-x', asked: ['project-x'] },
  { name: 'known and unknown', header: 'project-x, us', asked: ['project-x', 'us'] },
  { name: '9 tags', header: '1,2,3,4,5,6,7,8,9', asked: null },
  { name: 'bad characters', header: 'eu,a b', asked: null },
  { name: 'bad characters in the body', metadata: { tags: ['eu/west'] }, asked: null },
];

/** What one target is left, and by which tags. */
export interface Left {
  readonly target: Target;
  readonly routed: readonly string[];
  readonly places: readonly Place[];
}

export interface Expected {
  readonly status: 'answered' | 'bad_tags' | 'no_deployment' | 'failed';
  readonly left: readonly Left[];
  /** Who may have answered. */
  readonly servers: readonly Place[];
  readonly defaults: readonly string[];
  readonly required: readonly string[];
  /** Under which it counts in the usage. */
  readonly counted: readonly string[];
}

/** What the table says of one request. */
export function expectedOf(called: Target, policy: Policy, { asked }: Ask): Expected {
  const required = [...new Set(policy.required.flat())];
  const nearest = policy.defaults.findLast((tags) => tags.length > 0) ?? [];
  const nobody = { left: [], servers: [], required, defaults: [], counted: [] };
  if (asked === null) return { status: 'bad_tags', ...nobody };
  const chain = [called, ...(called.fallbacks ?? []).map((name) => TARGETS.find((target) => target.name === name) as Target)];
  const left = chain.map((target) => leftOf(target, asked, nearest, required));
  const standsIn = !asked.some((tag) => isKnown(called, tag));
  const defaults = standsIn ? nearest : [];
  const counted = [...new Set([...asked, ...defaults, ...required])];
  const servers = left.map(({ places }) => places.filter(({ is }) => is === 'up')).find((places) => places.length > 0) ?? [];
  const isAnybodyLeft = left.some(({ places }) => places.length > 0);
  const status = servers.length > 0 ? 'answered' : isAnybodyLeft ? 'failed' : 'no_deployment';
  return { status, left, servers, defaults, required, counted };
}

const inService = ({ places }: Target) => places.filter(({ is }) => is !== 'disabled');
const isKnown = (target: Target, tag: string) => inService(target).some(({ tags }) => tags.includes(tag));
const withAll = (places: readonly Place[], wanted: readonly string[]) =>
  places.filter(({ tags }) => wanted.every((tag) => tags.includes(tag)));

function leftOf(target: Target, asked: readonly string[], defaults: readonly string[], required: readonly string[]): Left {
  const all = inService(target);
  const untagged = all.filter(({ tags }) => tags.length === 0);
  const named = asked.filter((tag) => isKnown(target, tag));
  const wishes = named.length > 0 ? named : defaults.filter((tag) => isKnown(target, tag));
  const wanted = [...new Set([...required, ...wishes])];
  const best = wanted.length === 0 ? [] : withAll(all, wanted);
  if (best.length > 0) return { target, routed: wanted, places: best };
  if (required.length > 0) {
    const able = withAll(all, required);
    return { target, routed: able.length > 0 ? required : [], places: able };
  }
  if (wishes.length > 0) return { target, routed: [], places: untagged };
  return { target, routed: [], places: untagged.length > 0 ? untagged : all };
}
