import type { ConsumerGroup } from '@pulsegraph/contracts';

/** Keys of one partition share a hash tag, so that a script may touch them together on a Redis cluster too. */
export function partitionKeys(prefix: string, partition: number) {
  const tag = `${prefix}{${partition}}:`;
  return {
    stream: `${tag}stream`,
    /** Records appended since the beginning. */
    appended: `${tag}appended`,
    /** Records that the group has handled since the beginning. */
    handled: (group: ConsumerGroup) => `${tag}handled:${group}`,
    lease: (group: ConsumerGroup) => `${tag}lease:${group}`,
  };
}
export type PartitionKeys = ReturnType<typeof partitionKeys>;

/** What a group needs of a partition. */
export function groupKeys(keys: PartitionKeys, group: ConsumerGroup) {
  return { stream: keys.stream, appended: keys.appended, handled: keys.handled(group), lease: keys.lease(group) };
}
export type GroupKeys = ReturnType<typeof groupKeys>;

export const membersKey = (prefix: string, group: ConsumerGroup) => `${prefix}members:${group}`;
export const partitionCountKey = (prefix: string) => `${prefix}partitions`;
