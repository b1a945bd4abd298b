import { IconStack2 } from "@tabler/icons-react";
import { Place } from "../adapters/place";
import { Empty } from "../ui/empty";
import { count } from "../ui/format";
import { Rows, type Column } from "../ui/rows";
import type { Worker } from "./queries";

export type HeldAdapter = Worker["adapters"][number];

const SHOWN = 10;

/** The versions with these bytes; the same bytes may have been uploaded more than once. */
export const nameOf = ({ models, digest }: HeldAdapter): string =>
  models.length > 0 ? models.join(", ") : `deleted, ${digest.slice(0, 10)}`;

const COLUMNS: Column<HeldAdapter>[] = [
  { name: "Adapter", show: nameOf },
  { name: "Place", show: ({ place }) => <Place of={place} /> },
  { name: "Running", number: true, show: ({ pins }) => count(pins) },
  { name: "Requests so far", number: true, show: ({ requests }) => count(requests) },
];

/** The adapters of a worker that are asked for most. */
export function Held({ adapters }: { adapters: HeldAdapter[] }) {
  const most = [...adapters].sort((a, b) => b.pins - a.pins || b.requests - a.requests);
  return (
    <Rows
      label="Adapters that are asked for most"
      columns={COLUMNS}
      rows={most.slice(0, SHOWN)}
      id={({ digest }) => digest}
      empty={<Empty icon={IconStack2} title="It holds no adapter yet" />}
    />
  );
}
