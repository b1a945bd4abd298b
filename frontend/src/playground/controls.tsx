import { MultiSelect, NumberInput, SimpleGrid, Textarea } from "@mantine/core";
import type { Served } from "../chat/served";
import { MOST, type Settings } from "./settings";

/** What stands in an empty field is what the server takes then. */
const NUMBERS = [
  { name: "temperature", label: "Temperature", placeholder: "1", min: 0, max: 2, step: 0.1 },
  { name: "topP", label: "Top p", placeholder: "1", min: 0, max: 1, step: 0.05 },
  { name: "max", label: "Output tokens", placeholder: "all", min: 1, allowDecimal: false },
  { name: "seed", label: "Seed", placeholder: "any", min: 0, allowDecimal: false },
] as const;

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
      <Textarea
        label="System prompt"
        description="What each of them is told before the prompt"
        autosize
        minRows={1}
        maxRows={6}
        value={settings.system}
        onChange={(event) => set({ system: event.currentTarget.value })}
      />
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="md" style={{ gridColumn: "1 / -1" }}>
        {NUMBERS.map(({ name, ...props }) => (
          <NumberInput
            key={name}
            value={settings[name] ?? ""}
            onChange={(value) => set({ [name]: value === "" ? null : Number(value) })}
            {...props}
          />
        ))}
      </SimpleGrid>
    </SimpleGrid>
  );
}
