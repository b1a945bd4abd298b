import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure } from "./failure";

interface ConfirmProps {
  opened: boolean;
  title: string;
  action: string;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
  blocked?: boolean;
}

/**
 * Asks before something that cannot be taken back. While it is being done there is no way out: it
 * would be done all the same, and its answer, or its failure, would be seen by nobody.
 */
export function Confirm(props: ConfirmProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={() => props.busy || props.onClose()}
      title={props.title}
      closeButtonProps={{ "aria-label": "Close", disabled: props.busy }}
    >
      <Text size="sm" component="div" mb="md">
        {props.children}
      </Text>
      {props.error ? <Failure error={props.error} /> : null}
      <Group justify="flex-end" mt="md">
        <Button variant="default" disabled={props.busy} onClick={props.onClose} data-autofocus>
          Cancel
        </Button>
        <Button color="red" loading={props.busy} disabled={props.blocked} onClick={props.onConfirm}>
          {props.action}
        </Button>
      </Group>
    </Modal>
  );
}
