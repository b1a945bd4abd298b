import { Button, Group, PasswordInput, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { Failure } from "../ui/failure";
import { ensure } from "./ensure";
import { Naming, type Named } from "./naming";
import { SENDING, useForgetAdapters } from "./queries";
import { Watch } from "./watch";

interface Asked {
  name: string;
  base: string;
  hub: components["schemas"]["HubIn"];
}

interface FromHubProps {
  naming: Named;
  /** The hub's address, as the operator has set it. */
  hub: string;
}

/** A repository of the hub, which the server fetches. */
export function FromHub({ naming, hub }: FromHubProps) {
  const { name, base } = naming;
  const form = useForm({
    initialValues: { repository: "", revision: "main", subfolder: "", token: "" },
  });
  const forget = useForgetAdapters();
  const asking = useMutation({
    mutationKey: SENDING,
    mutationFn: async ({ name, base, hub }: Asked) => {
      await ensure(name, base);
      const path = { name };
      return body(api.POST("/v1/adapters/{name}/import", { params: { path }, body: { hub } }));
    },
    onSuccess: () => form.setFieldValue("token", ""),
    onSettled: () => forget(),
  });
  return (
    <form
      onSubmit={form.onSubmit(({ token, ...where }) =>
        asking.mutate({
          name,
          base: base ?? "",
          hub: { ...where, token: token === "" ? null : token },
        }),
      )}
    >
      <Stack>
        <Naming of={naming} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label="Repository"
            description={`owner/name at ${new URL(hub).host}`}
            pattern="[^\/\s]+\/[^\/\s]+"
            title="owner/name"
            required
            withAsterisk={false}
            {...form.getInputProps("repository")}
          />
          <TextInput
            label="Revision"
            description="A branch, tag or commit"
            required
            withAsterisk={false}
            {...form.getInputProps("revision")}
          />
          <TextInput
            label="Folder"
            description="Where the files are, if not at the top"
            {...form.getInputProps("subfolder")}
          />
          <PasswordInput
            label="Token"
            description="For a private one; forgotten after the import"
            autoComplete="off"
            visibilityToggleButtonProps={{ "aria-label": "Show the token" }}
            {...form.getInputProps("token")}
          />
        </SimpleGrid>
        {asking.error && <Failure error={asking.error} />}
        {asking.data && (
          <Watch
            name={asking.variables.name}
            number={asking.data.version}
            onStopped={asking.reset}
          />
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={asking.isPending} disabled={!base || name === ""}>
            Import
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
