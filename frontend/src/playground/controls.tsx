import { MultiSelect, NumberInput, SimpleGrid, Textarea } from "@mantine/core";
import type { Served } from "../chat/served";
import { MOST, type Settings } from "./settings";

interface ControlsProps {
  settings: Settings;
  served: Served[];
  onChange: (settings: Settings) => void;
}

export function Controls({ settings, served, onChange }: ControlsProps) {
  // Versions and aliases may be in the address without being in the list.
  const names = [...new Set([...served.map((model) => model.id), ...settings.models])];
  const set = (change: Partial<Settings>) => onChange({ ...settings, ...change });
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <MultiSelect
        label="Models"
        description={`Up to ${MOST}; each prompt goes to all of them at once`}
        placeholder={settings.models.length === 0 ? "Choose one or more" : undefined}
        data={names}
        value={settings.models}
        onChange={(models) => set({ models })}
        maxValues={MOST}
        searchable
        hidePickedOptions
      />
      <SimpleGrid cols={2} spacing="md">
        <NumberInput
          label="Temperature"
          description="0 is always the same"
          placeholder="1"
          min={0}
          max={2}
          step={0.1}
          value={settings.temperature ?? ""}
          onChange={(value) => set({ temperature: value === "" ? null : Number(value) })}
        />
        <NumberInput
          label="Output tokens"
          description="At most so many"
          placeholder="As many as fit"
          min={1}
          allowDecimal={false}
          value={settings.max ?? ""}
          onChange={(value) => set({ max: value === "" ? null : Number(value) })}
        />
      </SimpleGrid>
      <Textarea
        label="System prompt"
        autosize
        minRows={1}
        maxRows={6}
        value={settings.system}
        onChange={(event) => set({ system: event.currentTarget.value })}
        style={{ gridColumn: "1 / -1" }}
      />
    </SimpleGrid>
  );
}
