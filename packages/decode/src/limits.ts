/** A message above this is refused whole. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A message with more readings than this is refused whole. */
export const MAX_READINGS_PER_MESSAGE = 10_000;
/** A word of a TEXT metric, in UTF-8. */
export const MAX_TEXT_BYTES = 1024;
/** What a dead letter keeps of a message that was too large to keep. */
export const KEPT_OF_TOO_LARGE_BYTES = 1024;
