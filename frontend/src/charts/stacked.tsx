import { Group, Text } from "@mantine/core";
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { hue, OTHER } from "./palette";
import { highest, type Series } from "./series";
import { ticks } from "./ticks";
import { UNITS, type Unit } from "./unit";
import classes from "./chart.module.css";

interface StackedProps {
  label: string;
  series: Series;
  bucket: "hour" | "day";
  unit: Unit;
  height?: number;
  colours?: Record<string, string>; // of names that have one of their own
}

/** Stacked bars from zero, one per hour or day (UTC). A table beside it says the same in numbers. */
export default function Stacked({
  label,
  series,
  bucket,
  unit,
  height = 260,
  colours = {},
}: StackedProps) {
  const rows = series.points.map(({ time, values }) => ({ time, ...values }));
  const color = (name: string, index: number) =>
    colours[name] ?? (name === "Other" ? OTHER : hue(index));
  const { finest, one, mark } = UNITS[unit];
  const marks = ticks(highest(series), finest);
  return (
    <figure className={classes.chart} aria-label={label}>
      <div aria-hidden style={{ height }}>
        <ResponsiveContainer width="100%" height="100%">
          <BarChart
            data={rows}
            margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <CartesianGrid vertical={false} syncWithTicks stroke="var(--line)" />
            <XAxis
              dataKey="time"
              tickFormatter={(time: string) => tick(time, bucket)}
              tick={{ fill: "var(--quiet)", fontSize: 12 }}
              tickLine={false}
              axisLine={{ stroke: "var(--line)" }}
              minTickGap={28}
            />
            <YAxis
              tickFormatter={mark(marks)}
              tick={{ fill: "var(--quiet)", fontSize: 12 }}
              tickLine={false}
              axisLine={false}
              width="auto"
              ticks={marks}
              domain={[0, marks.at(-1) ?? 1]}
            />
            <Tooltip
              cursor={{ fill: "var(--line)", opacity: 0.5 }}
              formatter={(value, name) => [one(Number(value)), String(name)]}
              labelFormatter={(time) => tick(String(time), bucket)}
              contentStyle={{
                background: "var(--panel)",
                border: "1px solid var(--line)",
                borderRadius: 8,
                fontSize: 13,
              }}
            />
            {series.names.map((name, index) => (
              <Bar
                key={name}
                dataKey={name}
                stackId="all"
                fill={color(name, index)}
                isAnimationActive={false}
                maxBarSize={40}
              />
            ))}
          </BarChart>
        </ResponsiveContainer>
      </div>
      {series.names.length > 1 && (
        <Group component="figcaption" gap="md" mt="xs" justify="center">
          {series.names.map((name, index) => (
            <Group key={name} gap={6} wrap="nowrap">
              <span className={classes.dot} style={{ background: color(name, index) }} />
              <Text size="xs" c="dimmed">
                {name || "none"}
              </Text>
            </Group>
          ))}
        </Group>
      )}
    </figure>
  );
}

function tick(time: string, bucket: "hour" | "day"): string {
  const at = new Date(time);
  return bucket === "hour"
    ? at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" })
    : at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
