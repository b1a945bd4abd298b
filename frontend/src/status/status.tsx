import { Alert, Badge } from "@mantine/core";
import { IconCircleCheck, IconAlertTriangle, IconServer, IconStack2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../adapters/queries";
import { Place } from "../adapters/place";
import type { components } from "../api/schema";
import { Empty } from "../ui/empty";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Stale } from "../ui/stale";

type Worker = components["schemas"]["WorkerOut"];
type Resident = components["schemas"]["ResidentOut"];
type Looked = components["schemas"]["StatusOut"];

const WORKERS: Column<Worker>[] = [
  { name: "Worker", show: ({ name }) => name },
  { name: "Base", show: ({ base_model }) => base_model || "not known yet" },
  {
    name: "State",
    show: ({ healthy }) => (
      <Badge variant="dot" color={healthy ? "teal" : "red"}>
        {healthy ? "serving" : "away"}
      </Badge>
    ),
  },
  { name: "In the batch", number: true, show: ({ running }) => running },
  { name: "Waiting", number: true, show: ({ queue }) => queue },
  {
    name: "Adapter slots",
    number: true,
    show: ({ slots_used, slots_total }) => `${slots_used} of ${slots_total}`,
  },
];
const RESIDENT: Column<Resident>[] = [
  { name: "Model", show: ({ model }) => model },
  { name: "Base", show: ({ base_model }) => base_model },
  { name: "Place", show: ({ place }) => <Place of={place} /> },
  {
    name: "Workers that have it in a slot",
    number: true,
    show: ({ workers_on_gpu }) => workers_on_gpu,
  },
];

export default function Status() {
  const status = useQuery(statusQuery);
  const { data } = status;
  return (
    <Page title="Status" about="Looked up every five seconds.">
      <Stale of={status} />
      {data && !status.error && (
        <Alert
          role="status"
          variant="light"
          color={data.healthy ? "teal" : "red"}
          icon={data.healthy ? <IconCircleCheck size={18} /> : <IconAlertTriangle size={18} />}
          title={data.healthy ? "Everything serves" : "Not every worker serves"}
        >
          {data.healthy
            ? "All workers answer and take requests."
            : "Requests for a base without a worker are refused with 503 until one is back."}
        </Alert>
      )}
      {(data ?? !status.error) && <Places of={data} />}
    </Page>
  );
}

function Places({ of: status }: { of: Looked | undefined }) {
  return (
    <>
      <Panel title="Workers" flush>
        <Rows
          label="Workers"
          columns={WORKERS}
          rows={status?.workers}
          id={({ name }) => name}
          empty={<Empty icon={IconServer} title="No worker" />}
        />
      </Panel>
      <Panel title="Your adapters" flush>
        <Rows
          label="Your adapters"
          columns={RESIDENT}
          rows={status?.adapters}
          id={({ model }) => model}
          empty={
            <Empty icon={IconStack2} title="No adapter is ready">
              Once one is, this says how near to the next request it is.
            </Empty>
          }
        />
      </Panel>
    </>
  );
}
