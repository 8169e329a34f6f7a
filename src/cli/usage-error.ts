/** The command line cannot be carried out. The message names the value and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
