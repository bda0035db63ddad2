/** Works out the roles of people whose groups in a SCIM directory changed, where one request had too many of them. */
import { goOn, type Job } from './job.ts';

/** Applies everything that is queued. Calls `goOn` between two steps. Returns the number of people. */
export type ApplyDirectoryRoles = (goOn: () => void) => Promise<number>;

export function directoryRolesJob(apply: ApplyDirectoryRoles): Job {
  return {
    name: 'directory-roles',
    about: 'Works out the roles of people whose groups in a SCIM directory or whose group mappings changed.',
    cron: '* * * * *',
    run: async (context) => `Worked out the roles of ${await apply(() => goOn(context))} people.`,
  };
}
