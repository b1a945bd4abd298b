import { Group, SegmentedControl, Select } from "@mantine/core";
import { RANGES } from "./range";
import { byOf, GROUPS, rangeOf, SHOWS, showOf, type UsageSearch } from "./search";

export interface FiltersProps {
  search: UsageSearch;
  onChange: (change: UsageSearch) => void;
}

/** Of which time, what, and by what it is added up. */
export function Filters({ search, onChange }: FiltersProps) {
  return (
    <Group gap="sm" align="flex-end">
      <SegmentedControl
        aria-label="Time"
        value={rangeOf(search)}
        onChange={(range) => onChange({ range })}
        data={Object.entries(RANGES).map(([value, { label }]) => ({ value, label }))}
        size="xs"
      />
      <SegmentedControl
        aria-label="What is shown"
        value={showOf(search)}
        onChange={(show) => onChange({ show })}
        data={Object.entries(SHOWS).map(([value, label]) => ({ value, label }))}
        size="xs"
      />
      <Select
        aria-label="Grouped by"
        value={byOf(search)}
        onChange={(by) => onChange({ by: by ?? undefined })}
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
