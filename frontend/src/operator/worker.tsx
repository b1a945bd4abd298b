import { Badge, Stack, Text } from "@mantine/core";
import { Figure, Figures } from "../ui/figure";
import { compact, count, percent } from "../ui/format";
import { Panel } from "../ui/panel";
import { Held } from "./held";
import type { Worker } from "./queries";
import { rate } from "./rate";
import { Slots } from "./slots";

const perSecond = (value: number) => `${compact(Math.round(value))} tok/s`;

/** One worker: what it does now, and what lies on its GPU. */
export function WorkerPanel({ worker, before }: { worker: Worker; before: Worker | undefined }) {
  const { counters } = worker;
  const now = rate(before?.counters, counters) ?? undefined; // until a second look
  return (
    <Panel
      title={worker.worker_id || worker.target}
      actions={
        <Badge variant="dot" color={worker.healthy ? "teal" : "red"}>
          {worker.healthy ? "serving" : "away"}
        </Badge>
      }
    >
      <Stack>
        <Text size="sm" c="dimmed">
          {worker.base_model || "base not known yet"} at {worker.target}
        </Text>
        <Figures>
          <Figure
            label="In the batch"
            value={count(worker.running)}
            note={`${count(worker.queue)} waiting`}
          />
          <Figure
            label="Output"
            value={counters === null ? "none" : now && perSecond(now.output)}
          />
          <Figure
            label="Prompt"
            value={counters === null ? "none" : now && perSecond(now.prompt)}
          />
          <Figure
            label="Cache blocks used"
            value={percent(worker.blocks_total - worker.blocks_free, worker.blocks_total)}
            note={`of ${count(worker.blocks_total)}`}
          />
          <Figure
            label="Steps with several adapters"
            value={counters ? percent(counters.steps_mixed, counters.steps) : "none"}
            note={counters && `of ${compact(counters.steps)} steps`}
          />
          <Figure
            label="A step"
            value={counters ? `${counters.step_ms_p50.toFixed(1)} ms` : "none"}
            note={counters && `99 % within ${counters.step_ms_p99.toFixed(1)} ms`}
          />
        </Figures>
        <Slots worker={worker} />
        <Held adapters={worker.adapters} />
      </Stack>
    </Panel>
  );
}
