import { SimpleGrid, Skeleton } from "@mantine/core";
import type { Bucket } from "../api/types";
import { Panel } from "../ui/panel";
import { Chart } from "./lazy";
import { hue } from "./palette";
import { series } from "./series";
import type { Unit } from "./unit";

const HEIGHT = 190;
// Each keeps its colour, whichever is the larger today.
const COLOURS = { fine: hue(0), failed: hue(7), output: hue(0), prompt: hue(1) };

interface Part {
  time: string;
  name: string;
  value: number;
}
interface Shown {
  title: string;
  unit: Unit;
  parts: (row: Bucket) => [name: string, value: number][];
}

const CHARTS: Shown[] = [
  {
    title: "Requests",
    unit: "count",
    parts: ({ requests, errors }) => [
      ["fine", requests - errors],
      ["failed", errors],
    ],
  },
  {
    title: "Tokens",
    unit: "count",
    parts: ({ prompt_tokens, completion_tokens }) => [
      ["prompt", prompt_tokens],
      ["output", completion_tokens],
    ],
  },
  { title: "Cost", unit: "usd", parts: ({ cost }) => [["cost", Number(cost)]] },
];

/** The hours of the last day: requests, tokens, cost. `whose` ends the charts' names. */
export function Daily({ rows, whose = "" }: { rows: Bucket[] | undefined; whose?: string }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="lg">
      {CHARTS.map((shown) => (
        <Panel key={shown.title} title={shown.title}>
          {rows === undefined ? (
            <Skeleton height={HEIGHT} />
          ) : (
            <Chart
              label={`${shown.title}${whose} for each hour of the last day`}
              bucket="hour"
              height={HEIGHT}
              unit={shown.unit}
              colours={COLOURS}
              series={partsOf(rows, shown)}
            />
          )}
        </Panel>
      ))}
    </SimpleGrid>
  );
}

function partsOf(rows: Bucket[], { parts }: Shown) {
  const all = rows.flatMap((row) =>
    parts(row).map(([name, value]): Part => ({ time: row.time, name, value })),
  );
  return series(
    all,
    rows.map(({ time }) => time),
    { time: ({ time }) => time, name: ({ name }) => name, value: ({ value }) => value },
  );
}
