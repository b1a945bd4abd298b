import { Text } from "@mantine/core";
import { nameOf, type HeldAdapter } from "./held";
import type { Worker } from "./queries";
import classes from "./slots.module.css";

/** A worker's adapter slots as a picture: dark where a request uses one now, light where one waits. */
export function Slots({ worker }: { worker: Worker }) {
  const held = worker.adapters.filter(({ place }) => place === "gpu");
  const empty = Math.max(0, worker.slots_total - held.length);
  const elsewhere = (place: HeldAdapter["place"]) =>
    worker.adapters.filter((adapter) => adapter.place === place).length;
  return (
    <div>
      <ul
        className={classes.slots}
        aria-label={`Adapter slots: ${held.length} of ${worker.slots_total} are filled`}
      >
        {held.map((adapter) => {
          const words = `${nameOf(adapter)}: ${adapter.pins} running, ${adapter.requests} so far`;
          return (
            <li
              key={adapter.digest}
              className={`${classes.slot} ${adapter.pins > 0 ? classes.busy : classes.held}`}
              title={words}
            >
              <span className="visually-hidden">{words}</span>
            </li>
          );
        })}
        {Array.from({ length: empty }, (_, index) => (
          <li key={index} className={classes.slot} title="empty" aria-hidden />
        ))}
      </ul>
      <Text size="xs" c="dimmed" mt="xs">
        {held.length} of {worker.slots_total} slots filled, the dark ones in use now;{" "}
        {elsewhere("host")} more in memory, {elsewhere("disk")} on disk.
      </Text>
    </div>
  );
}
