import { Group, SegmentedControl, Select } from "@mantine/core";
import { RANGES, type Range } from "./range";

export const GROUPS = { model: "Model", version: "Version", key: "Key", member: "Member" } as const;
export type By = keyof typeof GROUPS;
export const SHOWS = { cost: "Cost", tokens: "Tokens", requests: "Requests" } as const;
export type Show = keyof typeof SHOWS;

/** What the address of the page holds. */
export interface UsageSearch {
  range?: string;
  by?: string;
  show?: string;
  model?: string;
  key?: string;
  status?: string;
}

interface FiltersProps {
  range: Range;
  by: By;
  show: Show;
  onChange: (change: { range?: Range; by?: By; show?: Show }) => void;
}

export function Filters({ range, by, show, onChange }: FiltersProps) {
  return (
    <Group gap="sm" align="flex-end">
      <SegmentedControl
        aria-label="Time"
        value={range}
        onChange={(value) => onChange({ range: value as Range })}
        data={Object.entries(RANGES).map(([value, { label }]) => ({ value, label }))}
        size="xs"
      />
      <SegmentedControl
        aria-label="What is shown"
        value={show}
        onChange={(value) => onChange({ show: value as Show })}
        data={Object.entries(SHOWS).map(([value, label]) => ({ value, label }))}
        size="xs"
      />
      <Select
        aria-label="Grouped by"
        value={by}
        onChange={(value) => onChange({ by: (value ?? "model") as By })}
        data={Object.entries(GROUPS).map(([value, label]) => ({
          value,
          label: `By ${label.toLowerCase()}`,
        }))}
        size="xs"
        w={140}
        allowDeselect={false}
      />
    </Group>
  );
}
