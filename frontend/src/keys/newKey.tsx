import {
  Button,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { useMay, useMe } from "../api/session";
import { capOf, NO_CAP } from "../caps/cap";
import { CapFields } from "../caps/capFields";
import { useServed } from "../chat/served";
import { Failure } from "../ui/failure";
import { servicesQuery } from "../team/queries";
import type { KeyIn, useCreateKey } from "./queries";
import { GRANTABLE, SCOPE_WORDS } from "./scopes";

const LIVES = { never: "Never", "7": "In 7 days", "30": "In 30 days", "90": "In 90 days" };
const DAY_MS = 86_400_000;

const EMPTY = {
  name: "",
  owner: "",
  scopes: ["inference"] as string[],
  models: [] as string[],
  expires: "never",
  rpm: "" as number | string,
  cap: NO_CAP,
};

/** What the form says, as the API takes it. */
function wanted(values: typeof EMPTY): KeyIn {
  const { name, owner, scopes, models, expires, rpm, cap } = values;
  return {
    name,
    service_account: owner === "" ? null : Number(owner),
    scopes: scopes as KeyIn["scopes"],
    models: models.length === 0 ? null : models,
    spend_cap: capOf(cap),
    requests_per_minute: rpm === "" ? null : Number(rpm),
    expires_at:
      expires === "never" ? null : new Date(Date.now() + Number(expires) * DAY_MS).toISOString(),
  };
}

interface NewKeyProps {
  create: ReturnType<typeof useCreateKey>;
}

export function NewKey({ create }: NewKeyProps) {
  const { scopes } = useMe();
  const served = useServed();
  const services = useQuery({ ...servicesQuery, enabled: useMay("team:write") }).data?.data ?? [];
  const grantable = GRANTABLE.filter((scope) => scopes.includes(scope));
  const form = useForm({
    initialValues: EMPTY,
    validate: {
      scopes: (value) => (value.length === 0 ? "Choose at least one." : null),
    },
  });
  const submit = form.onSubmit((values) => create.mutate(wanted(values)));
  return (
    <form onSubmit={submit}>
      <Stack>
        {create.error && <Failure error={create.error} />}
        <TextInput
          label="Name"
          description="For your own eyes: where the key is used"
          data-autofocus
          required
          withAsterisk={false}
          {...form.getInputProps("name")}
        />
        {services.length > 0 && (
          <Select
            label="Whose"
            description="A service account's keys outlive whoever made them"
            data={[
              { value: "", label: "Your own" },
              ...services.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
            allowDeselect={false}
            {...form.getInputProps("owner")}
          />
        )}
        <Checkbox.Group label="May" {...form.getInputProps("scopes")}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs" spacing="xs">
            {grantable.map((scope) => (
              <Checkbox key={scope} value={scope} label={SCOPE_WORDS[scope]} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
        <MultiSelect
          label="Models"
          description="None chosen: every model of the account"
          data={served.data?.map(({ id }) => id) ?? []}
          searchable
          {...form.getInputProps("models")}
        />
        <SimpleGrid cols={2}>
          <Select
            label="Expires"
            data={Object.entries(LIVES).map(([value, label]) => ({ value, label }))}
            allowDeselect={false}
            {...form.getInputProps("expires")}
          />
          <NumberInput
            label="Requests a minute"
            placeholder="The account's limit"
            min={1}
            max={1_000_000}
            allowDecimal={false}
            {...form.getInputProps("rpm")}
          />
        </SimpleGrid>
        <CapFields
          limit={form.getInputProps("cap.limit")}
          period={form.getInputProps("cap.period")}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            Create the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
