export interface Series {
  deviceId: string;
  metric: string;
}

/** Ten metrics a device, as a machine or a monitor has. */
export const METRICS = Array.from({ length: 10 }, (_, index) => `channel_${index}`);
/** Readings of the bulk stay between 20 and 80; what is to raise an alert is this. */
export const ALARMING_VALUE = 150;
const ALARM_LIMIT = 100;
/** Above anything that is sent: the rule is judged at every reading and stays silent, as nearly every rule does. */
const QUIET_LIMIT = 1_000;

export const seriesOf = (deviceIds: readonly string[]): Series[] =>
  deviceIds.flatMap((deviceId) => METRICS.map((metric) => ({ deviceId, metric })));

const input = ({ deviceId, metric }: Series, name: string, above: number) => ({
  name,
  severity: 'HIGH',
  target: { deviceIds: [deviceId] },
  condition: { threshold: { metric, above } },
});

/** One rule for each series. */
export const alarmRules = (series: readonly Series[]) => series.map((each, index) => input(each, `Alarm ${index}`, ALARM_LIMIT));

/** `count` rules dealt out over the series, each with a limit of its own. @param from How many are there already. */
export const quietRules = (series: readonly Series[], count: number, from: number) =>
  Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return input(series[number % series.length]!, `Quiet ${number}`, QUIET_LIMIT + Math.floor(number / series.length));
  });

/** A few at a time, as a script would that has many to make. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async () => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: width }, run));
}
