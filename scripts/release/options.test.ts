import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';

describe('the command line of a release', () => {
  test('asks for each step by a flag of its own', () => {
    expect(readOptions(['--dry-run', '--skip-tests'])).toMatchObject({
      ...{ dryRun: true, skipTests: true, tag: false, publish: false, pushImage: undefined, provenance: true },
    });
    expect(readOptions(['--tag', '--push-image=ghcr.example/team/headgate', '--image', 'here:1'])).toMatchObject({
      ...{ dryRun: false, tag: true, publish: false, pushImage: 'ghcr.example/team/headgate', image: 'here:1' },
    });
    // A port is no tag.
    expect(readOptions(['--dry-run', '--push-image=localhost:5000/headgate', '--build-image']).pushImage).toContain(':5000');
  });

  test.each([
    [[], 'nothing to do: say --dry-run'],
    [['--skip-tests'], 'nothing to do'],
    [['--publish', '--skip-tests'], 'what was not tested is not published'],
    [['--prepare=1.2'], '--prepare needs a version such as 1.2.3'],
    [['--prepare=1.2.3', '--dry-run'], '--prepare goes alone'],
    [['--prepare=1.2.3', '--tag'], '--prepare goes alone'],
    [['--dry-run', '--image=a', '--build-image'], 'say --image or --build-image'],
    [['--push-image=a'], '--push-image needs --image or --build-image'],
    [['--push-image=a/b:1', '--build-image'], 'leave the tag out of --push-image'],
    [['--dryrun'], "Unknown option '--dryrun'"],
    [['--dry-run', 'publish'], "Unexpected argument 'publish'"],
    [['--dry-run=yes'], "Option '--dry-run' does not take an argument"],
    [['--prepare'], "Option '--prepare <value>' argument missing"],
  ])('%j is refused in one line', (args, reason) => {
    const refusal = (() => {
      try {
        return JSON.stringify(readOptions(args));
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(refusal).toContain(reason);
    expect(refusal).not.toContain('\n');
  });
});
