import {
  Button,
  Group,
  Modal,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import type { Adapter } from "../api/types";
import { Failure } from "../ui/failure";
import { useSetAlias, type Alias } from "./queries";
import { split } from "./shares";

interface AliasFormProps {
  adapter: Adapter;
  alias: Alias | null; // null: a new one
  onClose: () => void;
}

/** Points an alias to a version, or shares its traffic between two. */
export function AliasForm({ adapter, alias, onClose }: AliasFormProps) {
  const set = useSetAlias(adapter.name, onClose);
  const ready = adapter.versions
    .filter(({ state }) => state === "ready")
    .map(({ version }) => version)
    .sort((a, b) => b - a);
  const [first, second] = alias?.targets ?? [];
  const all = (first?.weight ?? 1) + (second?.weight ?? 0);
  const form = useForm({
    initialValues: {
      alias: alias?.alias ?? "",
      first: String(first?.version ?? ready[0] ?? ""),
      second: second === undefined ? null : String(second.version),
      share: (second === undefined ? 10 : Math.round((100 * second.weight) / all)) as
        number | string,
    },
  });
  const choices = ready.map((version) => ({ value: String(version), label: `@${version}` }));
  const save = form.onSubmit((values) =>
    set.mutate({
      alias: values.alias,
      targets: split(
        Number(values.first),
        values.second === null ? null : Number(values.second),
        Number(values.share),
      ),
    }),
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={alias === null ? "New alias" : `Where ${alias.alias} leads`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={save}>
        <Stack>
          {set.error && <Failure error={set.error} />}
          {alias !== null && alias.targets.length > 2 && (
            <Text size="sm">
              It leads to {alias.targets.length} versions now; from here it can lead to two.
            </Text>
          )}
          {alias === null && (
            <TextInput
              label="Alias"
              description={`Callers write ${adapter.model}:${form.values.alias || "prod"}`}
              required
              withAsterisk={false}
              data-autofocus
              {...form.getInputProps("alias")}
            />
          )}
          <Select
            label="Version"
            data={choices}
            allowDeselect={false}
            {...form.getInputProps("first")}
          />
          <SimpleGrid cols={2}>
            <Select
              label="And a second one"
              placeholder="None"
              data={choices}
              clearable
              clearButtonProps={{ "aria-label": "No second version" }}
              {...form.getInputProps("second")}
            />
            <NumberInput
              label="Its share"
              suffix=" %"
              min={0}
              max={100}
              allowDecimal={false}
              disabled={form.values.second === null}
              {...form.getInputProps("share")}
            />
          </SimpleGrid>
          <Group justify="flex-end">
            <Button type="submit" loading={set.isPending} disabled={ready.length === 0}>
              Point it there
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
