import { Button, Group, Modal, NumberInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { onceName } from "../api/once";
import { exactUsd } from "../ui/format";
import { Failure } from "../ui/failure";
import { said } from "../ui/said";
import type { ActProps } from "./acts";
import { useGrant } from "./queries";

/** Credit by the operator's hand; where four eyes are asked for, it waits for the other two. */
export function Grant({ slug, onClose }: ActProps) {
  const grant = useGrant(slug, ({ state, amount }) => {
    onClose();
    said(
      state === "waiting"
        ? `${exactUsd(amount)} for ${slug} waits for somebody else of the staff.`
        : `${slug} has ${exactUsd(amount)} more.`,
    );
  });
  const [once] = useState(onceName); // an answer may be lost: what is sent again grants no second time
  const form = useForm({
    initialValues: { amount: 10 as number | string, reason: "granted by the operator" },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Grant credit to ${slug}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        onSubmit={form.onSubmit(({ amount, reason }) =>
          grant.mutate({ amount: Number(amount).toFixed(2), reason, once }),
        )}
      >
        <Stack>
          {grant.error && <Failure error={grant.error} />}
          <NumberInput
            label="Amount"
            prefix="$"
            decimalScale={2}
            fixedDecimalScale
            hideControls
            min={0.01}
            allowNegative={false}
            required
            withAsterisk={false}
            data-autofocus
            {...form.getInputProps("amount")}
          />
          <TextInput
            label="Reason"
            description="Stands in the customer’s ledger as well"
            maxLength={500}
            required
            withAsterisk={false}
            {...form.getInputProps("reason")}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={grant.isPending}>
              Grant
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
