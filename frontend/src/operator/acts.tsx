import { Button, Group, Modal, NumberInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Confirm } from "../ui/confirm";
import { Failure } from "../ui/failure";
import { said } from "../ui/said";
import { useGrant, useResume, useSuspend } from "./queries";

interface ActProps {
  slug: string;
  onClose: () => void;
}

/** Credit by the operator's hand. */
export function Grant({ slug, onClose }: ActProps) {
  const grant = useGrant(slug, () => {
    onClose();
    said(`${slug} has the credit.`);
  });
  const form = useForm({ initialValues: { amount: 10 as number | string } });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Grant credit to ${slug}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={form.onSubmit(({ amount }) => grant.mutate(Number(amount).toFixed(2)))}>
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

export function Suspend({ slug, onClose }: ActProps) {
  const suspend = useSuspend(slug, onClose);
  return (
    <Confirm
      opened
      title={`Suspend ${slug}?`}
      action="Suspend"
      busy={suspend.isPending}
      error={suspend.error}
      onConfirm={() => suspend.mutate(undefined)}
      onClose={onClose}
    >
      All its keys and members are refused from the next request on, until it is resumed.
    </Confirm>
  );
}

export function Resume({ slug, onClose }: ActProps) {
  const resume = useResume(slug, onClose);
  return (
    <Confirm
      opened
      title={`Resume ${slug}?`}
      action="Resume"
      busy={resume.isPending}
      error={resume.error}
      onConfirm={() => resume.mutate(undefined)}
      onClose={onClose}
    >
      Its keys and members work again at once.
    </Confirm>
  );
}
