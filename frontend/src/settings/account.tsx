import { Group, NumberInput, SimpleGrid, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { useMay } from "../api/session";
import { forgetToken } from "../api/token";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { said } from "../ui/said";
import { Submit } from "../ui/submit";
import { useServerValues } from "../ui/useServerValues";
import { accountQuery } from "./queries";

type Account = components["schemas"]["AccountOut"];

export function AccountForm() {
  const account = useQuery(accountQuery);
  return (
    <Panel title="Account">
      {account.error && <Failure error={account.error} retry={() => void account.refetch()} />}
      {account.data ? <Fields account={account.data} /> : <Skeleton height={96} />}
    </Panel>
  );
}

function Fields({ account }: { account: Account }) {
  const may = useMay("account");
  const queries = useQueryClient();
  const router = useRouter();
  const [form, adopt] = useServerValues({
    name: account.name,
    retention: (account.retention_days ?? "") as number | string,
  });
  const save = useMutation({
    mutationFn: ({ name, retention }: { name: string; retention: number | string }) =>
      body(
        api.PATCH("/v1/account", {
          body: { name, retention_days: retention === "" ? null : Number(retention) },
        }),
      ),
    onSuccess: async () => {
      forgetToken(); // the token's answer holds the account's name
      await Promise.all(
        ["account", "me"].map((name) => queries.invalidateQueries({ queryKey: [name] })),
      );
      await router.invalidate();
      said("Saved.");
    },
  });
  return (
    <form
      onSubmit={form.onSubmit((values) => save.mutate(values, { onSuccess: () => adopt(values) }))}
    >
      <Stack>
        {save.error && <Failure error={save.error} />}
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label="Name"
            description="Shown to its members"
            disabled={!may}
            required
            withAsterisk={false}
            {...form.getInputProps("name")}
          />
          <NumberInput
            label="Keep single requests for"
            description="Days, from 30; empty: for ever. Sums and the ledger stay"
            suffix=" days"
            min={30}
            max={3650}
            clampBehavior="blur"
            allowDecimal={false}
            disabled={!may}
            {...form.getInputProps("retention")}
          />
        </SimpleGrid>
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            Model names begin with {account.slug}/, for good.
          </Text>
          {may && (
            <Submit busy={save.isPending} unchanged={!form.isDirty()}>
              Save
            </Submit>
          )}
        </Group>
      </Stack>
    </form>
  );
}
