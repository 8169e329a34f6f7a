import { createRequire } from 'node:module';

const commander = createRequire(import.meta.url)('commander') as typeof import('commander');

/** Loaded as the CommonJS package that it is: `import` takes 2 MB more for the whole life of the daemon. */
export const { Command, CommanderError, Option } = commander;
/** A command of the command line. */
export type Command = InstanceType<typeof Command>;
/** An option of a command. */
export type Option = InstanceType<typeof Option>;
